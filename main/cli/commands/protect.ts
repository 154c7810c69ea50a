import { Domain } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    to: { kind: 'text', value: 'HOST', help: 'where its standby is' },
    interval: { kind: 'number', value: 'MS', help: 'between two checkpoints; 50 where not said' },
  },
  async run(context, { words: [domain], options: { to: host, interval: intervalMs } }) {
    if (host === undefined) throw usageError('--to HOST is missing.', 'protect');
    const task = await (await context.site()).domains.protect({ domain, host, intervalMs });
    const { name, protection } = Domain.parse((await finished(context, task)).result);
    await context.output.result(protection, () => `${name} is protected on ${host}`);
  },
});
