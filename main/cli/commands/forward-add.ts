import { defineCommand } from '../arguments/command.ts';
import { interfaceNumber } from '../arguments/net-option.ts';
import { wholeNumber } from '../arguments/parse.ts';
import { usageError } from '../arguments/usage-error.ts';
import { forwardText } from '../format/network-lines.ts';

const COMMAND = 'forward add';

export const command = defineCommand({
  words: ['PORT', 'DOMAIN:PORT'],
  options: {
    udp: { kind: 'flag', help: 'UDP instead of TCP' },
    interface: { kind: 'text', value: 'N', help: 'to this interface of it; else its first' },
  },
  notes: `PORT of 127.0.0.1 leads to the guest: "forward add 2222 web1:22", then "ssh -p 2222 root@127.0.0.1".
With 0 the system chooses one. A forward stays until it is removed.`,
  async run(context, { words: [text, target], options }) {
    const [, domain, toPort] = /^(.+):(\d+)$/.exec(target) ?? [];
    if (domain === undefined || toPort === undefined) {
      throw usageError(`${JSON.stringify(target)} is no DOMAIN:PORT, as in web1:22.`, COMMAND);
    }
    const forward = await (
      await context.site()
    ).forwards.add({
      domain,
      port: wholeNumber(COMMAND, 'PORT', text),
      toPort: wholeNumber(COMMAND, 'DOMAIN:PORT', toPort),
      protocol: options.udp ? 'udp' : 'tcp',
      handle:
        options.interface === undefined ? undefined : interfaceNumber(COMMAND, options.interface),
    });
    await context.output.result(forward, () => forwardText(forward));
  },
});
