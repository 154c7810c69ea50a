import { closeSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import type { Context } from '../context.ts';
import type { VolumeAddress } from '../../api/client/index.ts';
import { TransferLine } from '../terminal/transfer-line.ts';

const NAME = 'volume download';

export const command = defineCommand({
  words: ['POOL/VOLUME', '[FILE]'],
  options: {},
  notes: `FILE must not be there; it is, when all of it has come. It has the format of the volume.
Without FILE, or with -, the bytes go to standard output, and with --json what else there is to say to
standard error. They are all when the exit status is 0.
What stands still for a minute on its way is given up.`,
  async run(context, { words: [word, path = '-'] }) {
    const address = volumeWord(NAME, word);
    const line = new TransferLine(context.output.stderr, `Fetching ${word}`, null);
    try {
      if (path === '-') await toOutput(context, address, line);
      else await toFile(context, address, path, line);
    } finally {
      line.clear();
    }
  },
});

async function toOutput(
  context: Context,
  address: VolumeAddress,
  line: TransferLine,
): Promise<void> {
  const { output } = context;
  output.keepStdoutForBytes();
  if (output.stdout.isTTY) {
    throw usageError('Standard output is a terminal: name a FILE, or a pipe to take it.', NAME);
  }
  const client = await context.client();
  const bytes = await client.streamVolume(
    address,
    (piece) => output.bytes(piece),
    (got, all) => line.show(got, all),
  );
  line.clear();
  if (output.json) await output.result({ bytes }, () => []);
}

async function toFile(
  context: Context,
  address: VolumeAddress,
  path: string,
  line: TransferLine,
): Promise<void> {
  const file = resolve(path);
  const unfinished = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
  const fd = create(unfinished, path);
  try {
    const client = await context.client();
    const bytes = await client.fetchVolume(address, fd, (got, all) => line.show(got, all));
    fsyncSync(fd);
    publish(unfinished, file);
    line.clear();
    const { pool, volume } = address;
    await context.output.result({ file, bytes }, () => `downloaded ${pool}/${volume} to ${path}`);
  } finally {
    closeSync(fd);
    rmSync(unfinished, { force: true });
  }
}

function create(unfinished: string, path: string): number {
  try {
    return openSync(unfinished, 'wx', 0o600);
  } catch (error) {
    throw unusable(path, error);
  }
}

function publish(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(path: string, cause: unknown): DomusError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'EEXIST' ? 'it is there already' : message;
  return new DomusError('file.unusable', `${path} cannot be made: ${why}. Name another file.`, {
    data: { path },
    cause,
  });
}
