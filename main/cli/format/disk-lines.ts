import type { Disk } from '../../../shared/contract/index.ts';

const MIB = 2 ** 20;

/** `64`, or `?` before a disk was open for the first time. */
export function diskMiB({ bytes }: Disk): string {
  return bytes === null ? '?' : String(Math.floor(bytes / MIB));
}

export function diskMode({ readOnly }: Disk): string {
  return readOnly ? 'read-only' : 'read-write';
}

/** `xvda: /srv/web1.img (raw, 64 MiB, read-write)` */
export function diskLine(disk: Disk): string {
  return `${disk.name}: ${disk.source} (${disk.format}, ${diskMiB(disk)} MiB, ${diskMode(disk)})`;
}
