import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['NAME', 'CHECKPOINT'],
  options: { paused: { kind: 'flag', short: 'p', help: 'leave it paused' } },
  notes:
    'CHECKPOINT is an id, the first digits of one, or a label. What the domain has done since its last checkpoint is lost.',
  async run(context, { words: [domain, checkpoint], options: { paused } }) {
    const site = await context.site();
    const how = { domain, checkpoint, ...(paused && { paused }) };
    await domainAfter(context, await site.checkpoints.revert(how), ({ name, host }) => {
      return `reverted ${name} to ${checkpoint}: it goes on on ${host}`;
    });
  },
});
