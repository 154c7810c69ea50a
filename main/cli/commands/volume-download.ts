import { closeSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { TransferLine } from '../terminal/transfer-line.ts';

export const command = defineCommand({
  words: ['POOL/VOLUME', 'FILE'],
  options: {},
  notes: 'FILE must not be there; it is, when all of it has come. It has the format of the volume.',
  async run(context, { words: [word, path] }) {
    const address = volumeWord('volume download', word);
    const file = resolve(path);
    const unfinished = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
    const fd = create(unfinished, path);
    const line = new TransferLine(context.output.stderr, `Fetching ${word}`, null);
    try {
      const client = await context.client();
      const bytes = await client.fetchVolume(address, fd, (got, all) => line.show(got, all));
      fsyncSync(fd);
      publish(unfinished, file);
      line.clear();
      await context.output.result({ file, bytes }, () => `downloaded ${word} to ${path}`);
    } finally {
      line.clear();
      closeSync(fd);
      rmSync(unfinished, { force: true });
    }
  },
});

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
