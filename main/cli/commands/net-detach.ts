import { defineCommand } from '../arguments/command.ts';
import { interfaceNumber } from '../arguments/net-option.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'INTERFACE'],
  options: {},
  notes: 'INTERFACE is its number, or ethN. Its address becomes free.',
  async run(context, { words: [domain, text] }) {
    const handle = interfaceNumber('net detach', text);
    const task = await (await context.site()).domains.detachInterface({ domain, handle });
    await domainAfter(context, task, ({ name }) => `detached eth${handle} from ${name}`);
  },
});
