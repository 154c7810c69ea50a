import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCpio } from '../testing/cpio-reader.ts';
import { writeCpio, type CpioEntry } from './cpio.ts';

const read = (archive: Buffer): object[] =>
  readCpio(archive).map((file) => ({ ...file, data: file.data.toString('latin1') }));

describe('writeCpio', () => {
  it('writes each kind of entry', () => {
    const entries: CpioEntry[] = [
      { kind: 'directory', path: 'dev', mode: 0o755 },
      { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('#!/bin/sh\n') },
      { kind: 'link', path: 'sh', target: 'busybox' },
    ];
    expect(read(writeCpio(entries))).toEqual([
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
          files.map(({ path, data }) => [path, Buffer.from(data)]),
        );
      }),
    );
  });
});
