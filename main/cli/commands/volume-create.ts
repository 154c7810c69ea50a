import { defineCommand } from '../arguments/command.ts';
import { diskFormat } from '../arguments/disk-option.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { volumeLine } from '../format/volume-lines.ts';

const NAME = 'volume create';

export const command = defineCommand({
  words: ['POOL/VOLUME'],
  options: {
    size: { kind: 'number', value: 'MiB', help: 'its size; an overlay has that beneath it' },
    format: { kind: 'text', value: 'F', help: 'qcow2 (default) or raw' },
    over: { kind: 'text', value: 'POOL/VOLUME', help: 'make an overlay over this volume' },
  },
  notes: 'An overlay keeps what is written to it, and reads the rest from what it lies over.',
  async run(context, { words: [word], options: { size, format, over } }) {
    const volume = await (
      await context.site()
    ).volumes.create({
      ...volumeWord(NAME, word),
      sizeMiB: size,
      format: format === undefined ? undefined : diskFormat(NAME, 'format', format),
      over,
    });
    await context.output.result(volume, () => `created ${volumeLine(volume)}`);
  },
});
