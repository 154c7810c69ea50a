import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../toolstack/testing/temporary-folder.ts';
import { BLOCK_BYTES, writeExt2 } from './ext2-image.ts';
import type { Ext2File } from './ext2-image.ts';

const FILES: Ext2File[] = [
  { name: 'scattered', blocks: 2000, layout: 'scattered' },
  { name: 'journal', blocks: 64, layout: 'contiguous' },
  { name: 'small', blocks: 3, layout: 'contiguous' },
];
const MIB = 2 ** 20;
/** Of e2fsprogs, outside of what a person's PATH has. */
const tool = (name: string): string => `/usr/sbin/${name}`;
const hasTools = spawnSync(tool('e2fsck'), ['-V']).status === 0;

describe('writeExt2', () => {
  it('refuses what does not fit', () => {
    const image = Buffer.alloc(MIB);
    expect(() => writeExt2(image, FILES)).toThrow(RangeError);
    expect(() => writeExt2(Buffer.alloc(256 * MIB), [])).toThrow(RangeError);
  });

  it.runIf(hasTools)('makes a file system that e2fsck finds nothing wrong with', () => {
    const path = join(temporaryFolder(), 'image');
    const image = randomBytes(16 * MIB);
    writeExt2(image, FILES);
    writeFileSync(path, image);
    const { status, stdout } = spawnSync(tool('e2fsck'), ['-f', '-n', path], { encoding: 'utf8' });
    expect(status, stdout).toBe(0);
  });

  it.runIf(hasTools)('puts the blocks of a file where they were asked for', () => {
    const path = join(temporaryFolder(), 'image');
    const image = randomBytes(16 * MIB);
    writeExt2(image, FILES);
    writeFileSync(path, image);
    const blocks = (name: string): number[] =>
      execFileSync(tool('debugfs'), ['-R', `blocks /${name}`, path], {
        encoding: 'utf8',
        stdio: 'pipe',
      })
        .trim()
        .split(/\s+/)
        .map(Number);
    const small = blocks('small');
    expect(small).toHaveLength(3);
    expect(small[2]! - small[0]!).toBeGreaterThanOrEqual(2);
    const scattered = blocks('scattered');
    const neighbours = scattered.filter((block, index) => block === scattered[index - 1]! + 1);
    expect(neighbours.length).toBeLessThan(scattered.length / 20);
    execFileSync(tool('debugfs'), ['-R', `dump /small ${path}.small`, path], { stdio: 'pipe' });
    const expected = small.map((block) =>
      image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES),
    );
    expect(readFileSync(`${path}.small`).equals(Buffer.concat(expected))).toBe(true);
  });
});
