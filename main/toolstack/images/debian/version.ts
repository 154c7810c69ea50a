/**
 * Debian's order of package versions, deb-version(7): `[epoch:]upstream[-revision]`.
 * Negative when `a` is older than `b`, positive when newer, 0 when they are equal.
 */
export function compareVersions(a: string, b: string): number {
  const left = split(a);
  const right = split(b);
  return (
    left.epoch - right.epoch ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const epoch = colon < 0 ? 0 : Number(version.slice(0, colon)) || 0;
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    // A missing revision counts as "0" (deb-version(7)).
    revision: dash < 0 ? '0' : rest.slice(dash + 1),
  };
}

/** Alternates between the longest run of non-digits and the longest run of digits. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const left = digits(a, i);
    const right = digits(b, j);
    const difference = compareNumbers(left, right);
    if (difference !== 0) return difference;
    i += left.length;
    j += right.length;
  }
  return 0;
}

/** `~` sorts before the end of a part, the end before letters, letters before everything else. */
function weight(text: string, at: number): number {
  const code = at < text.length ? text.charCodeAt(at) : undefined;
  if (code === undefined || isDigit(text, at)) return 0;
  if (code === 0x7e) return -1;
  const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return letter ? code : code + 256;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function digits(text: string, from: number): string {
  let end = from;
  while (end < text.length && isDigit(text, end)) end += 1;
  return text.slice(from, end);
}

/** Runs of digits may be longer than a number holds exactly (dates, commit counts). */
function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
