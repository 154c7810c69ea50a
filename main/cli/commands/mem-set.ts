import { defineCommand } from '../arguments/command.ts';
import { wholeNumber } from '../arguments/parse.ts';
import { mib } from '../format/units.ts';

export const command = defineCommand({
  words: ['NAME', 'MiB'],
  options: {},
  notes: 'Asks the guest\'s balloon, which follows in a moment: see Mem in "domus list".',
  async run(context, { words: [ref, text] }) {
    const memoryMiB = wholeNumber('mem-set', 'MiB', text);
    const domain = await (await context.site()).domains.setMemory({ domain: ref, memoryMiB });
    const { targetKiB, actualKiB } = domain.memory;
    await context.output.result(domain, () =>
      domain.domid === null
        ? `${domain.name} will have ${mib(targetKiB)} MiB when it starts`
        : `${domain.name}: ${mib(targetKiB)} MiB asked for, ${mib(actualKiB)} MiB now`,
    );
  },
});
