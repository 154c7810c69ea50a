import { readCleartextMessage, verify, type Key } from 'openpgp';
import { DomusError } from '../../../../shared/errors.ts';
import { parseStanza, type Stanza } from './control.ts';

/** An index file as the release file vouches for it. */
export interface IndexFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What a verified `InRelease` says. */
export interface Release {
  readonly byHash: boolean;
  /** Keyed by path below the suite's folder. */
  readonly files: ReadonlyMap<string, IndexFile>;
}

/** A clock may be off by so much before a release counts as made in the future. */
const clockSkewMs = 10 * 60 * 1000;

/**
 * Checks an `InRelease` file and reads it, from the signed text alone.
 *
 * @throws DomusError `image.bad-signature`: not signed by a trusted key, or changed since;
 *   `image.release-expired`: past its Valid-Until (or not valid yet): an old state may be played back;
 *   `image.bad-index`: signed, but not the suite that was asked for.
 */
export async function readRelease(
  inRelease: string,
  suite: string,
  keys: readonly Key[],
  now: Date,
): Promise<Release> {
  const stanza = parseStanza(await signedText(inRelease, suite, keys, now));
  if (stanza.get('Codename') !== suite && stanza.get('Suite') !== suite) {
    throw new DomusError(
      'image.bad-index',
      `The mirror's release file for ${suite} is that of ${stanza.get('Codename') ?? 'another suite'}. Use another Debian mirror.`,
      { data: { suite } },
    );
  }
  checkDates(stanza, suite, now);
  return { byHash: stanza.get('Acquire-By-Hash') === 'yes', files: hashes(stanza) };
}

async function signedText(
  inRelease: string,
  suite: string,
  keys: readonly Key[],
  now: Date,
): Promise<string> {
  let cause: unknown;
  try {
    const message = await readCleartextMessage({ cleartextMessage: inRelease });
    const { signatures } = await verify({ message, verificationKeys: [...keys], date: now });
    for (const { verified } of signatures) {
      // A release carries signatures of keys that are not ours too (the next Debian's): one suffices.
      const good = await verified.catch((error: unknown) => {
        cause ??= error;
        return false;
      });
      if (good) return message.getText();
    }
  } catch (error) {
    cause = error;
  }
  throw new DomusError(
    'image.bad-signature',
    `The release file of ${suite} is not signed by a Debian archive key that Domus knows. Nothing of it was used. Use another Debian mirror, and look for something that changes your web traffic.`,
    { data: { suite }, cause },
  );
}

function checkDates(stanza: Stanza, suite: string, now: Date): void {
  const until = stanza.get('Valid-Until');
  const made = Date.parse(stanza.get('Date') ?? '');
  const expired = until !== undefined && !(Date.parse(until) >= now.getTime());
  const early = made > now.getTime() + clockSkewMs;
  if (!expired && !early) return;
  const why = expired ? `was valid until ${until}` : `is from ${stanza.get('Date')}, in the future`;
  throw new DomusError(
    'image.release-expired',
    `The release file of ${suite} ${why}. Check this machine's clock; if it is right, the mirror is out of date: use another.`,
    { data: { suite, validUntil: until ?? null } },
  );
}

function hashes(stanza: Stanza): Map<string, IndexFile> {
  const files = new Map<string, IndexFile>();
  for (const line of (stanza.get('SHA256') ?? '').split('\n')) {
    const [, sha256, size, path] = /^\s*([0-9a-f]{64})\s+([0-9]{1,12})\s+(\S+)$/.exec(line) ?? [];
    if (sha256 === undefined || path === undefined) continue;
    files.set(path, { path, sizeBytes: Number(size), sha256 });
  }
  return files;
}
