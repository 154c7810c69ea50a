/** What a golden snapshot depends on: any of it differs, and it is another snapshot. */
import { createHash } from 'node:crypto';

/** The versions of what made a snapshot and of what runs its clones. */
export interface MachineVersions {
  engine: string;
  hypervisorState: number;
  stream: string;
  /** Digest of the code that made it: the state of a guest is also what that code did to it. */
  code: string;
  /** What the toolstack adds to the kernel's command line. */
  kernelWords: string;
}

export interface GoldenKey {
  /** The image's id; it stands for its bytes, command line and recipe. */
  image: string;
  maxMemoryMiB: number;
  versions: MachineVersions;
}

const SAFE = /^[A-Za-z0-9._-]{1,80}$/;

/** `debian-6.1.176.128MiB.1f2e3d4c5b6a.golden` */
export function goldenFileName(key: GoldenKey): string {
  return `${imagePart(key.image)}.${key.maxMemoryMiB}MiB.${versionPart(key.versions)}.golden`;
}

/** The memory classes, MiB, of an image's snapshots among `names`, ascending. */
export function goldenClasses(
  names: readonly string[],
  image: string,
  versions: MachineVersions,
): number[] {
  const start = `${imagePart(image)}.`;
  const end = `MiB.${versionPart(versions)}.golden`;
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => Number(name.slice(start.length, -end.length)))
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}

const NAME = /^(.+)\.\d+MiB\.([0-9a-f]{12})\.golden(?:\.corrupt|\.unreadable)?$/;

/** Image and version part of a snapshot's file name, also of one that was set aside; else null. */
export function parseGoldenName(name: string): { image: string; version: string } | null {
  const [, image, version] = NAME.exec(name) ?? [];
  return image === undefined || version === undefined ? null : { image, version };
}

/** What stands for an image in file names. */
export function imagePart(image: string): string {
  return SAFE.test(image) ? image : digest(image);
}

/** What stands for the versions in file names. */
export function versionPart(versions: MachineVersions): string {
  return digest(JSON.stringify(Object.entries(versions).sort()));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
