import { defineCommand } from '../arguments/command.ts';
import { volumeWord } from '../arguments/volume-word.ts';

export const command = defineCommand({
  words: ['POOL/VOLUME'],
  options: {},
  notes: 'Refused while a domain has it, or an overlay lies over it. It cannot be had back.',
  async run(context, { words: [word] }) {
    const site = await context.site();
    const answer = await site.volumes.remove(volumeWord('volume delete', word));
    await context.output.result(answer, () => `deleted ${word}`);
  },
});
