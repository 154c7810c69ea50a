import { defineCommand } from '../arguments/command.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    force: { kind: 'flag', help: 'force it off first, if it runs' },
    disks: { kind: 'flag', help: 'and its volumes, for good, but those that others use' },
  },
  async run(context, { words: [domain], options: { force, disks } }) {
    const task = await (await context.site()).domains.delete({ domain, force, disks });
    const done = await finished(context, task);
    await context.output.result(done, () => done.title.replace(/^D/, 'd'));
  },
});
