/**
 * Where a disk's content is, as a person says it: an absolute path, `POOL/VOLUME`, or
 * `nbd://HOST:PORT/EXPORT`. One door: nothing else takes such a text apart.
 */
import { isAbsolute } from 'node:path';
import { Name, VolumeName } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';

export type ParsedSource =
  | { kind: 'file'; path: string }
  | { kind: 'volume'; pool: string; volume: string }
  | { kind: 'nbd'; host: string; port: number; exportName: string };

export type VolumeAddress = Extract<ParsedSource, { kind: 'volume' }>;

/** Registered for NBD. */
const NBD_PORT = 10_809;
/** HOST is a name, an IPv4 address, or an IPv6 address in brackets. */
const NBD =
  /^nbd:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?(?:\/(.*))?$/;
const CONTROL = /\p{Cc}/u;

/** Error `disk.bad-source`. */
export function parseSource(text: string): ParsedSource {
  if (!CONTROL.test(text)) {
    if (text.startsWith('nbd:')) return parseNbd(text);
    if (isAbsolute(text)) return { kind: 'file', path: text };
    const volume = volumeAddress(text);
    if (volume) return volume;
  }
  throw badSource(text);
}

/** `POOL/VOLUME`; null of another text. */
export function volumeAddress(text: string): VolumeAddress | null {
  const [pool, volume, ...more] = text.split('/');
  if (more.length > 0 || !Name.safeParse(pool).success || !VolumeName.safeParse(volume).success) {
    return null;
  }
  return { kind: 'volume', pool: pool!, volume: volume! };
}

/** The one text for each: {@link parseSource} gives the same back. */
export function sourceText(source: ParsedSource): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'volume':
      return `${source.pool}/${source.volume}`;
    case 'nbd': {
      const name = encodeURIComponent(source.exportName).replaceAll('%2F', '/');
      return `nbd://${source.host}:${source.port}/${name}`;
    }
  }
}

function parseNbd(text: string): ParsedSource {
  const [, host, , port, path] = NBD.exec(text) ?? [];
  const number = Number(port ?? NBD_PORT);
  const exportName = decoded(path ?? '');
  const isGood = host && number >= 1 && number <= 65_535 && exportName !== null;
  if (!isGood || CONTROL.test(exportName)) throw badSource(text);
  return { kind: 'nbd', host: host.toLowerCase(), port: number, exportName };
}

function decoded(text: string): string | null {
  if (/[?#]/.test(text)) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function badSource(text: string): DomusError {
  return new DomusError(
    'disk.bad-source',
    `${JSON.stringify(text)} is no place of a disk. Give an absolute path, a volume as POOL/VOLUME, or nbd://HOST:PORT/EXPORT.`,
    { data: { source: text } },
  );
}
