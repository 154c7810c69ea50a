/**
 * A small ext2 file system, made without any tool: what a guest measures random reads and synchronous
 * writes on. Revision 0 of the format (Linux `fs/ext2/ext2.h`), one group, blocks of 4 KiB, files in
 * the root directory whose blocks lie where the caller says.
 */
import { randomInt } from 'node:crypto';

export const BLOCK_BYTES = 4096;
const INODE_BYTES = 128;
const INODES = BLOCK_BYTES / INODE_BYTES;
const ROOT_INODE = 2;
/** Inodes below are the format's own. */
const FIRST_FILE_INODE = 11;
const DIRECT_BLOCKS = 12;
const POINTERS = BLOCK_BYTES / 4;
/** Superblock and what precedes it, group table, both bitmaps, inodes, root directory. */
const Block = { groups: 1, blockBitmap: 2, inodeBitmap: 3, inodes: 4, root: 5, first: 6 } as const;
const SUPERBLOCK_AT = 1024;
const DIRECTORY_MODE = 0o040755;
const FILE_MODE = 0o100644;

export interface Ext2File {
  name: string;
  blocks: number;
  /** Its blocks follow each other, or lie anywhere. */
  layout: 'contiguous' | 'scattered';
}

/**
 * Writes the file system over the start of `image`, which otherwise stays as it is: it is the files'
 * content.
 *
 * @throws RangeError when the files do not fit
 */
export function writeExt2(image: Buffer, files: readonly Ext2File[]): void {
  const total = Math.floor(image.length / BLOCK_BYTES);
  const free = new FreeBlocks(total);
  const inodes = image.subarray(Block.inodes * BLOCK_BYTES, Block.root * BLOCK_BYTES).fill(0);
  writeInode(inodes, ROOT_INODE, DIRECTORY_MODE, 2, [Block.root], 1);
  files.forEach(({ blocks, layout }, index) => {
    const data = free.take(blocks, layout);
    const [pointers, used] = writePointers(image, data, free);
    writeInode(inodes, FIRST_FILE_INODE + index, FILE_MODE, 1, pointers, used, blocks);
  });
  writeDirectory(
    image,
    files.map(({ name }) => name),
  );
  writeBitmaps(image, free, FIRST_FILE_INODE + files.length - 1);
  const freeInodes = INODES - (FIRST_FILE_INODE + files.length - 1);
  writeSuperblock(image, total, free.left, freeInodes);
}

class FreeBlocks {
  readonly used: Uint8Array;

  constructor(total: number) {
    if (total > BLOCK_BYTES * 8) throw new RangeError('a file system of more than one group');
    this.used = new Uint8Array(total).fill(1, 0, Block.first);
  }

  get left(): number {
    return this.used.reduce((sum, used) => sum + 1 - used, 0);
  }

  take(count: number, layout: Ext2File['layout']): number[] {
    const free = [...this.used.keys()].filter((block) => this.used[block] === 0);
    if (count > free.length) throw new RangeError(`${count} blocks where ${free.length} are free`);
    if (layout === 'scattered') shuffle(free);
    const taken = free.slice(0, count);
    for (const block of taken) this.used[block] = 1;
    return taken;
  }
}

function shuffle(list: number[]): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
}

/** The fifteen pointers of an inode, and how many blocks the file has with those of pointers. */
function writePointers(
  image: Buffer,
  data: readonly number[],
  free: FreeBlocks,
): [pointers: number[], blocks: number] {
  const pointers = data.slice(0, DIRECT_BLOCKS);
  let used = data.length;
  const pointerBlock = (content: readonly number[]): number => {
    const [block] = free.take(1, 'contiguous') as [number];
    used++;
    const at = image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES).fill(0);
    content.forEach((pointer, index) => at.writeUInt32LE(pointer, index * 4));
    return block;
  };
  const rest = data.slice(DIRECT_BLOCKS);
  if (rest.length > 0) {
    pointers.length = DIRECT_BLOCKS;
    pointers.push(pointerBlock(rest.slice(0, POINTERS)));
  }
  const beyond = rest.slice(POINTERS);
  if (beyond.length > POINTERS * POINTERS) throw new RangeError('a file of more than 4 GiB');
  if (beyond.length > 0) {
    const second: number[] = [];
    for (let at = 0; at < beyond.length; at += POINTERS) {
      second.push(pointerBlock(beyond.slice(at, at + POINTERS)));
    }
    pointers.push(pointerBlock(second));
  }
  return [pointers, used];
}

function writeInode(
  inodes: Buffer,
  number: number,
  mode: number,
  links: number,
  pointers: readonly number[],
  blocks: number,
  dataBlocks = blocks,
): void {
  const inode = inodes.subarray((number - 1) * INODE_BYTES, number * INODE_BYTES);
  inode.writeUInt16LE(mode, 0);
  inode.writeUInt32LE(dataBlocks * BLOCK_BYTES, 4);
  inode.writeUInt16LE(links, 26);
  inode.writeUInt32LE((blocks * BLOCK_BYTES) / 512, 28);
  pointers.forEach((pointer, index) => inode.writeUInt32LE(pointer, 40 + index * 4));
}

function writeDirectory(image: Buffer, names: readonly string[]): void {
  const block = image.subarray(Block.root * BLOCK_BYTES, (Block.root + 1) * BLOCK_BYTES).fill(0);
  const entries: [inode: number, name: string][] = [
    [ROOT_INODE, '.'],
    [ROOT_INODE, '..'],
    ...names.map((name, index): [number, string] => [FIRST_FILE_INODE + index, name]),
  ];
  let at = 0;
  entries.forEach(([inode, name], index) => {
    const isLast = index === entries.length - 1;
    const length = isLast ? BLOCK_BYTES - at : 8 + Math.ceil(name.length / 4) * 4;
    block.writeUInt32LE(inode, at);
    block.writeUInt16LE(length, at + 4);
    block.writeUInt16LE(name.length, at + 6);
    block.write(name, at + 8, 'latin1');
    at += length;
  });
}

/** What lies beyond the end counts as used. */
function writeBitmaps(image: Buffer, free: FreeBlocks, inodesUsed: number): void {
  const setBits = (block: number, isSet: (bit: number) => boolean): void => {
    const map = image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES).fill(0);
    for (let bit = 0; bit < BLOCK_BYTES * 8; bit++) {
      if (isSet(bit)) map[bit >> 3]! |= 1 << (bit & 7);
    }
  };
  setBits(Block.blockBitmap, (bit) => free.used[bit] !== 0);
  setBits(Block.inodeBitmap, (bit) => bit < inodesUsed || bit >= INODES);
}

function writeSuperblock(image: Buffer, total: number, left: number, freeInodes: number): void {
  const groups = image.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES).fill(0);
  groups.writeUInt32LE(Block.blockBitmap, 0);
  groups.writeUInt32LE(Block.inodeBitmap, 4);
  groups.writeUInt32LE(Block.inodes, 8);
  groups.writeUInt16LE(left, 12);
  groups.writeUInt16LE(freeInodes, 14);
  groups.writeUInt16LE(1, 16);
  const superblock = image.subarray(0, BLOCK_BYTES).fill(0).subarray(SUPERBLOCK_AT);
  const words: [at: number, value: number][] = [
    [0, INODES],
    [4, total],
    [12, left],
    [16, freeInodes],
    [24, Math.log2(BLOCK_BYTES) - 10],
    [28, Math.log2(BLOCK_BYTES) - 10],
    [32, BLOCK_BYTES * 8],
    [36, BLOCK_BYTES * 8],
    [40, INODES],
  ];
  for (const [at, value] of words) superblock.writeUInt32LE(value, at);
  superblock.writeUInt16LE(0xffff, 54); // mounts before a check is due: never
  superblock.writeUInt16LE(0xef53, 56);
  superblock.writeUInt16LE(1, 58); // clean
  superblock.writeUInt16LE(1, 60); // errors: go on
}
