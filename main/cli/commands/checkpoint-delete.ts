import { defineCommand } from '../arguments/command.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME', 'CHECKPOINT'],
  options: {},
  notes: 'Those that came after it stay.',
  async run(context, { words: [domain, checkpoint] }) {
    const site = await context.site();
    const task = await finished(context, await site.checkpoints.remove({ domain, checkpoint }));
    await context.output.result(task, () => `deleted checkpoint ${checkpoint} of ${domain}`);
  },
});
