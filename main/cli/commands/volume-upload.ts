import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { diskFormat } from '../arguments/disk-option.ts';
import { usageError } from '../arguments/usage-error.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { volumeLine } from '../format/volume-lines.ts';
import { TransferLine } from '../terminal/transfer-line.ts';

const NAME = 'volume upload';
const QCOW2_MAGIC = 'QFI\xfb';

export const command = defineCommand({
  words: ['FILE', 'POOL/VOLUME'],
  options: {
    format: { kind: 'text', value: 'F', help: 'what FILE is, raw or qcow2; else as its name ends' },
  },
  notes: 'A volume that is there is replaced, unless somebody uses it.',
  async run(context, { words: [path, word], options }) {
    const address = volumeWord(NAME, word);
    const fd = openFile(path);
    const line = new TransferLine(context.output.stderr, `Sending ${path}`, fstatSync(fd).size);
    try {
      const format =
        options.format === undefined
          ? formatByName(fd, path)
          : diskFormat(NAME, 'format', options.format);
      const volume = await (
        await context.client()
      ).sendVolume(address, format, fd, (bytes) => line.show(bytes));
      line.clear();
      await context.output.result(volume, () => `uploaded ${volumeLine(volume)}`);
    } finally {
      line.clear();
      closeSync(fd);
    }
  },
});

/** A person's own file may be looked at; but what it is, the person says. */
function formatByName(fd: number, path: string): DiskFormat {
  if (path.endsWith('.qcow2')) return 'qcow2';
  const start = Buffer.alloc(QCOW2_MAGIC.length);
  readSync(fd, start, 0, start.length, 0);
  if (start.toString('latin1') !== QCOW2_MAGIC) return 'raw';
  throw usageError(
    `${path} begins as a qcow2 image does. Say --format qcow2, or --format raw.`,
    NAME,
  );
}

function openFile(path: string): number {
  try {
    const fd = openSync(resolve(path), 'r');
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DomusError('file.unusable', `${path} cannot be read: ${why}`, { cause: error });
  }
  throw new DomusError('file.unusable', `${path} is no file.`);
}
