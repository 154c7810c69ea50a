import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { volumeLine } from '../format/volume-lines.ts';

const NAME = 'volume resize';

export const command = defineCommand({
  words: ['POOL/VOLUME'],
  options: { size: { kind: 'number', value: 'MiB', help: 'its new size, larger than now' } },
  notes: 'Of a running domain’s disk: domus disk resize.',
  async run(context, { words: [word], options: { size: sizeMiB } }) {
    if (sizeMiB === undefined) throw usageError('--size MiB is missing.', NAME);
    const site = await context.site();
    const volume = await site.volumes.resize({ ...volumeWord(NAME, word), sizeMiB });
    await context.output.result(volume, () => volumeLine(volume));
  },
});
