import { defineCommand } from '../arguments/command.ts';
import { ruleText } from '../arguments/access-rule.ts';
import { accessText, limitText } from '../format/network-lines.ts';
import { table } from '../format/table.ts';

const HEAD = ['Domain', 'If', 'Network', 'Address', 'MAC', 'Link', 'Limits', 'Access'];

export const command = defineCommand({
  words: ['[DOMAIN]'],
  options: {},
  notes: `Without DOMAIN: the interfaces of all of them. With it, its rules follow, in the order in which
they are asked. Limits: what it may send, what it may receive.`,
  async run(context, { words: [ref] }) {
    const { domains } = await context.site();
    const listed = ref === undefined ? await domains.list() : [await domains.get({ domain: ref })];
    const all = listed.flatMap(({ name, interfaces }) =>
      interfaces.map((one) => ({ domain: name, ...one })),
    );
    await context.output.result(all, () => {
      const rows = all.map((one) => [
        one.domain,
        `eth${one.handle}`,
        one.network,
        one.address,
        one.mac,
        one.linkUp ? 'up' : 'down',
        limitText(one),
        accessText(one),
      ]);
      const rules = ref === undefined ? [] : all.flatMap(ruleLines);
      return [...table(HEAD, rows), ...rules];
    });
  },
});

function ruleLines({
  handle,
  access: { rules, otherwise },
}: Parameters<typeof accessText>[0]): string[] {
  if (rules.length === 0) return [];
  return [...rules.map(ruleText), `${otherwise} everything else`].map(
    (text) => `  eth${handle}: ${text}`,
  );
}
