import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { VolumeSource } from '../../api/client/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { diskFormat } from '../arguments/disk-option.ts';
import { usageError } from '../arguments/usage-error.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { volumeLine } from '../format/volume-lines.ts';
import { openInput } from '../terminal/standard-input.ts';
import { TransferLine } from '../terminal/transfer-line.ts';

const NAME = 'volume upload';
const QCOW2_MAGIC = 'QFI\xfb';
const CHUNK_BYTES = 256 * 1024;

/** What is sent, and how a person calls it. */
interface Input extends VolumeSource {
  name: string;
  /** As many bytes as the magic of a format has. */
  start: Buffer;
  close(): void;
}

export const command = defineCommand({
  words: ['[FILE]', 'POOL/VOLUME'],
  options: {
    format: { kind: 'text', value: 'F', help: 'what FILE is, raw or qcow2; else as its name ends' },
    bytes: { kind: 'number', value: 'N', help: 'how many are to come; else it is not kept' },
  },
  notes: `A volume that is there is replaced, unless somebody uses it.
Without FILE, or with -, standard input is sent, as raw unless --format says otherwise. A program that
fails in a pipe ends it as one that is done: say --bytes where the size is known.
What stands still for a minute on its way is given up.`,
  async run(context, { words: [first, second], options }) {
    // No volume is called so: it may stand at either end.
    const [path = '-', word] = second === '-' ? ['-', first ?? second] : [first, second];
    const address = volumeWord(NAME, word);
    const given = options.format === undefined ? null : diskFormat(NAME, 'format', options.format);
    const input = path === '-' ? await standardInput() : openFile(path);
    const line = new TransferLine(context.output.stderr, `Sending ${input.name}`, input.bytes);
    try {
      const source = { chunks: input.chunks, bytes: options.bytes ?? input.bytes };
      const client = await context.client();
      const volume = await client.sendVolume(
        address,
        given ?? formatOf(input, path),
        source,
        (bytes, total) => line.show(bytes, total),
      );
      line.clear();
      await context.output.result(volume, () => `uploaded ${volumeLine(volume)}`);
    } finally {
      line.clear();
      input.close();
    }
  },
});

/** A person's own file may be looked at; but what it is, the person says. */
function formatOf({ name, start }: Input, path: string): DiskFormat {
  if (path.endsWith('.qcow2')) return 'qcow2';
  if (start.toString('latin1') !== QCOW2_MAGIC) return 'raw';
  throw usageError(
    `${name} begins as a qcow2 image does. Say --format qcow2, or --format raw.`,
    NAME,
  );
}

function openFile(path: string): Input {
  try {
    const fd = openSync(resolve(path), 'r');
    const stat = fstatSync(fd);
    if (stat.isFile()) {
      const start = Buffer.alloc(QCOW2_MAGIC.length);
      readSync(fd, start, 0, start.length, 0);
      const chunks = createReadStream(path, { fd, start: 0, highWaterMark: CHUNK_BYTES });
      return { name: path, start, chunks, bytes: stat.size, close: () => chunks.destroy() };
    }
    closeSync(fd);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DomusError('file.unusable', `${path} cannot be read: ${why}`, { cause: error });
  }
  throw new DomusError('file.unusable', `${path} is no file.`);
}

async function standardInput(): Promise<Input> {
  if (process.stdin.isTTY) {
    throw usageError(
      'Standard input is a terminal: name a FILE, or send one through a pipe.',
      NAME,
    );
  }
  const stream = process.stdin as AsyncIterable<Buffer>;
  const { start, chunks } = await openInput(stream, QCOW2_MAGIC.length);
  return {
    name: 'standard input',
    start,
    chunks,
    bytes: null,
    close: () => process.stdin.destroy(),
  };
}
