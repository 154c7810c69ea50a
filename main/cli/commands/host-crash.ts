import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes:
    'What runs there is lost at once, but for protected domains, which their standbys take over. The host starts anew.',
  async run(context, { words: [host] }) {
    const gone = await (await context.site()).hosts.crash({ host });
    await context.output.result(gone, () => `${host} lost its power`);
  },
});
