import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  async run(context, { words: [ref] }) {
    const domain = await (await context.site()).domains.unprotect({ domain: ref });
    await context.output.result(domain, () => `${domain.name} is not protected any more`);
  },
});
