import type { Volume } from '../../../shared/contract/index.ts';

const MIB = 2 ** 20;

/** `64`, or `?` of one with a fault. */
export function volumeMiB({ bytes }: Volume): string {
  return bytes === null ? '?' : String(Math.ceil(bytes / MIB));
}

/** `default/web1 (qcow2, 64 MiB, over default/base)` */
export function volumeLine(volume: Volume): string {
  const over = volume.over === null ? '' : `, over ${volume.over}`;
  return `${volume.pool}/${volume.name} (${volume.format}, ${volumeMiB(volume)} MiB${over})`;
}
