import { describe, expect, it } from 'vitest';
import { MemoryFile } from '../testing/memory-file.ts';
import { TableCache } from './table-cache.ts';

const CLUSTER = 8192;

function cacheOf(tables: number): { file: MemoryFile; cache: TableCache } {
  const file = new MemoryFile();
  file.extend(16 * CLUSTER);
  return { file, cache: new TableCache(file, CLUSTER, tables) };
}

function fill({ cache }: { cache: TableCache }, from: number): void {
  for (let cluster = from; cluster < from + 4; cluster++) cache.get(cluster * CLUSTER);
}

describe('tables in memory', () => {
  it('stay there while they differ from the file, also while a commit writes them', () => {
    const parts = cacheOf(2);
    const { file, cache } = parts;
    const table = cache.get(0);
    table.view.setUint32(5000, 42);
    cache.changed(table, 5000);
    fill(parts, 1);
    expect(cache.get(0)).toBe(table);
    const pieces = cache.capture();
    fill(parts, 5);
    expect(cache.get(0)).toBe(table);
    for (const piece of pieces) cache.writePiece(piece);
    cache.committed(pieces, false);
    fill(parts, 9);
    expect(cache.get(0)).not.toBe(table);
    expect(cache.get(0).view.getUint32(5000)).toBe(42);
    expect(file.bytes.subarray(0, 4096).every((byte) => byte === 0)).toBe(true);
  });

  it('are written as they were when they were captured, and again when that failed', () => {
    const { file, cache } = cacheOf(2);
    const table = cache.get(0);
    table.view.setUint32(0, 1);
    cache.changed(table, 0);
    const pieces = cache.capture();
    table.view.setUint32(0, 2);
    for (const piece of pieces) cache.writePiece(piece);
    expect(file.bytes[3]).toBe(1);
    cache.committed(pieces, true);
    cache.write(table);
    expect(file.bytes[3]).toBe(2);
  });
});
