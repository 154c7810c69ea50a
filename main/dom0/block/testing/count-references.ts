/**
 * What `qemu-img check` looks for, fast enough to be asked at every moment of a file's life: clusters
 * with more users than are counted. Follows the format's specification and nothing of ours.
 */
import type { MemoryFile } from './memory-file.ts';

/** Sentences about what is wrong; leaks are not. */
export function uncountedClusters(file: MemoryFile): string[] {
  const bytes = file.bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u64 = (at: number): number => (at + 8 <= bytes.length ? Number(view.getBigUint64(at)) : 0);
  const clusterBytes = 2 ** view.getUint32(20);
  const users = new Map<number, string[]>();
  const use = (offset: number, length: number, user: string): void => {
    for (let at = offset; at < offset + length; at += clusterBytes) {
      const cluster = at / clusterBytes;
      users.set(cluster, [...(users.get(cluster) ?? []), user]);
    }
  };
  const place = (at: number): number =>
    at + 8 <= bytes.length ? Number(view.getBigUint64(at) & 0x00fffffffffffe00n) : 0;

  use(0, clusterBytes, 'the header');
  const l1Offset = u64(40);
  const l1Entries = view.getUint32(36);
  use(l1Offset, l1Entries * 8, 'the L1 table');
  for (let index = 0; index < l1Entries; index++) {
    const table = place(l1Offset + index * 8);
    if (table === 0) continue;
    use(table, clusterBytes, `L2 table ${index}`);
    for (let at = 0; at < clusterBytes; at += 8) {
      const data = place(table + at);
      if (data !== 0) use(data, clusterBytes, `entry ${at / 8} of L2 table ${index}`);
    }
  }
  const tableOffset = u64(48);
  const tableBytes = view.getUint32(56) * clusterBytes;
  use(tableOffset, tableBytes, 'the refcount table');
  const counts = (cluster: number): number => {
    const perBlock = clusterBytes / 2;
    const index = Math.floor(cluster / perBlock);
    const block = index * 8 < tableBytes ? u64(tableOffset + index * 8) : 0;
    const at = block + (cluster % perBlock) * 2;
    return block === 0 || at + 2 > bytes.length ? 0 : view.getUint16(at);
  };
  for (let at = 0; at < tableBytes; at += 8) {
    const block = u64(tableOffset + at);
    if (block !== 0) use(block, clusterBytes, `refcount block ${at / 8}`);
  }
  return [...users].flatMap(([cluster, list]) =>
    counts(cluster) >= list.length && list.length === 1
      ? []
      : [`cluster ${cluster} is counted ${counts(cluster)} times and used by ${list.join(', ')}`],
  );
}
