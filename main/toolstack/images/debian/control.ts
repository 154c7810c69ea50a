/** One stanza of a Debian control file: field name to value, names as written (`Package`, `SHA256`). */
export type Stanza = ReadonlyMap<string, string>;

/**
 * Parses one stanza of RFC 822 style fields (deb-control(5)). A continuation line keeps its line
 * break and loses its leading blank; a line that is neither field nor continuation is skipped.
 */
export function parseStanza(text: string): Stanza {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (name !== undefined) fields.set(name, `${fields.get(name)}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(':');
    name = colon > 0 ? line.slice(0, colon) : undefined;
    if (name !== undefined) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/**
 * The stanzas of a `Packages` file whose `Package` field passes `wanted`. A suite's index is tens of
 * megabytes of which a handful of stanzas matter, so the others are passed over without parsing.
 */
export function* stanzasOfPackages(
  text: string,
  wanted: (name: string) => boolean,
): Generator<Stanza> {
  let start = 0;
  while (start < text.length) {
    const gap = text.indexOf('\n\n', start);
    const end = gap < 0 ? text.length : gap;
    const name = packageName(text, start, end);
    if (name !== undefined && wanted(name)) yield parseStanza(text.slice(start, end));
    start = end + 2;
  }
}

function packageName(text: string, start: number, end: number): string | undefined {
  const label = 'Package:';
  let at = start;
  while (at < end) {
    const stop = text.indexOf('\n', at);
    const lineEnd = stop < 0 || stop > end ? end : stop;
    if (text.startsWith(label, at)) return text.slice(at + label.length, lineEnd).trim();
    at = lineEnd + 1;
  }
  return undefined;
}
