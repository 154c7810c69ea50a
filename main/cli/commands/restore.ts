import { resolve } from 'node:path';
import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';

export const command = defineCommand({
  words: ['FILE'],
  options: {
    host: { kind: 'text', value: 'HOST', help: 'where; else where it was' },
    paused: { kind: 'flag', short: 'p', help: 'leave it paused' },
    force: { kind: 'flag', help: 'though its disks were written since' },
  },
  async run(context, { words: [file], options: { host, paused, force } }) {
    const task = await (
      await context.site()
    ).domains.restore({
      file: resolve(file),
      ...(host !== undefined && { host }),
      ...(paused && { paused }),
      ...(force && { force }),
    });
    await domainAfter(context, task, ({ name, host: on, domid }) => {
      return `restored ${name} on ${on}: domid ${domid}`;
    });
  },
});
