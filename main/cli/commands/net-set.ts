import { accessRule } from '../arguments/access-rule.ts';
import { defineCommand } from '../arguments/command.ts';
import { interfaceNumber } from '../arguments/net-option.ts';
import { oneOf } from '../arguments/one-of.ts';
import { wholeNumber } from '../arguments/parse.ts';
import { usageError } from '../arguments/usage-error.ts';
import { accessText, interfaceLine, limitText } from '../format/network-lines.ts';

const COMMAND = 'net set';
const LINK = ['up', 'down'] as const;
const OTHERWISE = ['allow', 'deny'] as const;

export const command = defineCommand({
  words: ['DOMAIN', 'INTERFACE'],
  options: {
    link: { kind: 'text', value: 'up|down', help: 'plug its cable in or out' },
    send: { kind: 'text', value: 'BYTES', help: 'the most it may send a second, or none' },
    receive: { kind: 'text', value: 'BYTES', help: 'the most it may receive a second, or none' },
    rule: {
      kind: 'list',
      value: 'RULE',
      help: 'in place of the rules of before; first match decides',
    },
    otherwise: { kind: 'text', value: 'allow|deny', help: 'for what no rule matches' },
    'no-rules': { kind: 'flag', help: 'take all rules away: everything passes' },
  },
  notes: `INTERFACE is its number, or ethN. A rule is "allow|deny in|out [any|tcp|udp|icmp] [REMOTE][:PORTS]
[local PORTS]" from the guest's point of view, as in "deny out tcp 10.0.0.0/8:22" or
"allow in tcp local 80-443". ARP and DHCP always pass; rules know no connections.`,
  async run(context, { words: [ref, text], options }) {
    const handle = interfaceNumber(COMMAND, text);
    const link = oneOf(COMMAND, 'link', LINK, options.link);
    const site = await context.site();
    const domain = await site.domains.setInterface({
      domain: ref,
      handle,
      linkUp: link === undefined ? undefined : link === 'up',
      sendLimitBytesPerSecond: limit('--send', options.send),
      receiveLimitBytesPerSecond: limit('--receive', options.receive),
      access: access(options),
    });
    const one = domain.interfaces.find((each) => each.handle === handle)!;
    await context.output.result(
      domain,
      () =>
        `${domain.name}: ${interfaceLine(one)}; limits ${limitText(one)}; access ${accessText(one)}`,
    );
  },
});

function limit(option: string, text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  return text === 'none' ? null : wholeNumber(COMMAND, option, text);
}

function access(options: {
  rule: string[];
  otherwise: string | undefined;
  'no-rules': boolean;
}): { rules: ReturnType<typeof accessRule>[]; otherwise: 'allow' | 'deny' } | undefined {
  const otherwise = oneOf(COMMAND, 'otherwise', OTHERWISE, options.otherwise);
  const isGiven = options.rule.length > 0 || otherwise !== undefined;
  if (options['no-rules'] && isGiven) {
    throw usageError('--no-rules stands alone: it takes all rules away.', COMMAND);
  }
  if (!isGiven && !options['no-rules']) return undefined;
  const rules = options.rule.map((text) => accessRule(COMMAND, text));
  return { rules, otherwise: otherwise ?? 'allow' };
}
