import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeCpio, type CpioEntry } from './cpio.ts';

interface Read {
  path: string;
  mode: number;
  data: string;
  mtime: number;
  device: [number, number];
}

/** A reader written from the format's description, not from the writer. */
function readCpio(archive: Buffer): Read[] {
  const entries: Read[] = [];
  let at = 0;
  const align = (offset: number): number => (offset + 3) & ~3;
  for (;;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameStart = at + 110;
    const path = archive.toString('utf8', nameStart, nameStart + field(11) - 1);
    const dataStart = align(nameStart + field(11));
    const data = archive.toString('latin1', dataStart, dataStart + field(6));
    const device: [number, number] = [field(9), field(10)];
    const entry = { path, mode: field(1), data, mtime: field(5), device };
    if (path === 'TRAILER!!!') return entries;
    entries.push(entry);
    at = align(dataStart + field(6));
  }
}

describe('writeCpio', () => {
  it('writes each kind of entry', () => {
    const entries: CpioEntry[] = [
      { kind: 'directory', path: 'dev', mode: 0o755 },
      { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('#!/bin/sh\n') },
      { kind: 'link', path: 'sh', target: 'busybox' },
    ];
    expect(readCpio(writeCpio(entries))).toEqual([
      { path: 'dev', mode: 0o040755, data: '', mtime: 0, device: [0, 0] },
      { path: 'dev/console', mode: 0o020600, data: '', mtime: 0, device: [5, 1] },
      { path: 'init', mode: 0o100755, data: '#!/bin/sh\n', mtime: 0, device: [0, 0] },
      { path: 'sh', mode: 0o120777, data: 'busybox', mtime: 0, device: [0, 0] },
    ]);
  });

  it('keeps every name and length aligned', () => {
    const file = fc.record({
      path: fc.string({ unit: fc.constantFrom(...'abc/'), minLength: 1, maxLength: 9 }),
      data: fc.uint8Array({ maxLength: 9 }),
    });
    fc.assert(
      fc.property(fc.array(file), (files) => {
        const archive = writeCpio(files.map((entry) => ({ kind: 'file', mode: 0o644, ...entry })));
        expect(archive.length % 4).toBe(0);
        expect(readCpio(archive).map(({ path, data }) => [path, data])).toEqual(
          files.map(({ path, data }) => [path, Buffer.from(data).toString('latin1')]),
        );
      }),
    );
  });
});
