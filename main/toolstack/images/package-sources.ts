import { join } from 'node:path';
import type { Key } from 'openpgp';
import { DomusError } from '../../../shared/errors.ts';
import { hasApt } from './debian/apt-command.ts';
import { AptSource } from './debian/apt-source.ts';
import { MirrorSource } from './debian/mirror-source.ts';
import type { PackageSource } from './debian/source.ts';
import { parseMirror, publicMirror, suites, type Mirror } from './debian/suite.ts';

export interface SourceSettings {
  /** `auto`: apt's client where there is one, HTTP otherwise or when apt fails. */
  readonly source?: 'auto' | 'apt' | 'http' | undefined;
  /**
   * Address of a Debian mirror, for example `https://deb.debian.org/debian`; its security archive is
   * the same with `-security` at the end. Left out: the mirror of the system's apt, or Debian's own.
   */
  readonly mirror?: string | undefined;
}

/** The ways to try, in this order. */
export async function packageSources(
  settings: SourceSettings,
  keys: readonly Key[],
  workDirectory: string,
): Promise<PackageSource[]> {
  const { source = 'auto' } = settings;
  const mirror = mirrorOf(settings.mirror);
  const apt = (): PackageSource =>
    new AptSource({ mirror, suites, keys, workDirectory: join(workDirectory, 'apt') });
  const http = (): PackageSource =>
    new MirrorSource({
      mirror: mirror ?? publicMirror,
      suites,
      keys,
      workDirectory: join(workDirectory, 'http'),
    });
  if (source === 'http') return [http()];
  const aptIsHere = await hasApt();
  if (source === 'auto') return aptIsHere ? [apt(), http()] : [http()];
  if (aptIsHere) return [apt()];
  throw new DomusError('image.no-apt', 'This machine has no apt-get. Build over HTTP instead.');
}

function mirrorOf(address: string | undefined): Mirror | undefined {
  if (address === undefined) return undefined;
  const mirror = parseMirror(address);
  if (mirror !== undefined) return mirror;
  throw new DomusError(
    'image.bad-mirror',
    `"${address}" is not the address of a Debian mirror. It looks like ${publicMirror.main}.`,
    { data: { mirror: address } },
  );
}
