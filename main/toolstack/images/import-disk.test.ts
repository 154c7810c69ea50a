import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { importDisk } from './import-disk.ts';

function scene(): { at(name: string): string; output: string } {
  const folder = temporaryFolder();
  const output = join(folder, 'output');
  mkdirSync(output);
  return { at: (name) => join(folder, name), output };
}

describe('a disk that is imported', () => {
  test('is taken by the end of its name, and what a guest sees of it is said', async () => {
    const { at, output } = scene();
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', at('a.qcow2'), '64M']);
    const { about } = await importDisk(at('a.qcow2'), undefined, output, undefined);
    expect(about).toEqual({ file: 'root.qcow2', format: 'qcow2', bytes: 64 * 2 ** 20 });
  });

  test('is raw when that is said, whatever its content looks like', async () => {
    const { at, output } = scene();
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', at('a.qcow2'), '64M']);
    const { about, entry } = await importDisk(at('a.qcow2'), 'raw', output, undefined);
    expect(about).toEqual({
      file: 'root.raw',
      format: 'raw',
      bytes: Math.ceil(entry.sizeBytes / 512) * 512,
    });
  });

  test.each([
    ['is no qcow2 file', Buffer.from('a text that is longer than a header'.repeat(20)), 'a.qcow2'],
    ['is empty', Buffer.alloc(0), 'a.img'],
  ])('is refused when it %s', async (_what, content, name) => {
    const { at, output } = scene();
    writeFileSync(at(name), content);
    await expect(importDisk(at(name), undefined, output, undefined)).rejects.toMatchObject({
      code: 'image.not-a-disk',
      message: expect.stringContaining(at(name)) as string,
    });
  });

  test('is refused when it is only an overlay', async () => {
    const { at, output } = scene();
    writeFileSync(at('base.img'), '');
    truncateSync(at('base.img'), 2 ** 20);
    const args = ['create', '-q', '-f', 'qcow2', '-b', 'base.img', '-F', 'raw', at('over.qcow2')];
    execFileSync('qemu-img', args);
    await expect(importDisk(at('over.qcow2'), undefined, output, undefined)).rejects.toMatchObject({
      code: 'image.disk-incomplete',
      data: { backing: 'base.img' },
    });
  });
});
