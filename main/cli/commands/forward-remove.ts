import { defineCommand } from '../arguments/command.ts';
import { wholeNumber } from '../arguments/parse.ts';

export const command = defineCommand({
  words: ['PORT'],
  options: { udp: { kind: 'flag', help: 'that of UDP; else of TCP, or the only one' } },
  notes: 'Connections through it are reset.',
  async run(context, { words: [text], options: { udp } }) {
    const port = wholeNumber('forward remove', 'PORT', text);
    const protocol = udp ? 'udp' : undefined;
    const answer = await (await context.site()).forwards.remove({ port, protocol });
    await context.output.result(answer, () => `port ${port} leads to no guest any more`);
  },
});
