import { defineCommand } from '../arguments/command.ts';
import { wholeNumber } from '../arguments/parse.ts';

export const command = defineCommand({
  words: ['NAME', 'MiB'],
  options: {},
  notes:
    'A running kernel keeps the maximum that it found at boot: more takes effect at the next start.',
  async run(context, { words: [ref, text] }) {
    const memoryMiB = wholeNumber('mem-max', 'MiB', text);
    const domain = await (await context.site()).domains.setMaxMemory({ domain: ref, memoryMiB });
    await context.output.result(domain, () => {
      const when = domain.domid === null ? '' : ' from its next start on';
      return `${domain.name} may have up to ${memoryMiB} MiB${when}`;
    });
  },
});
