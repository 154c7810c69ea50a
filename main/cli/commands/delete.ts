import { defineCommand } from '../arguments/command.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: { force: { kind: 'flag', help: 'force it off first, if it runs' } },
  async run(context, { words: [domain], options: { force } }) {
    const task = await (await context.site()).domains.delete({ domain, force });
    await context.output.result(await finished(context, task), () => `deleted ${domain}`);
  },
});
