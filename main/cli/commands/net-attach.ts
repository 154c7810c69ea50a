import { defineCommand } from '../arguments/command.ts';
import { domainAfter } from '../domain-after.ts';
import { interfaceLine } from '../format/network-lines.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'NETWORK'],
  options: {
    mac: { kind: 'text', value: 'MAC', help: 'else one of Xen’s range' },
    ip: { kind: 'text', value: 'ADDRESS', help: 'of the network; else the first that is free' },
  },
  notes: 'A running guest gets it at once; one that is off has it from its next start on.',
  async run(context, { words: [domain, network], options: { mac, ip: address } }) {
    const site = await context.site();
    const before = (await site.domains.get({ domain })).interfaces.map(({ handle }) => handle);
    const task = await site.domains.attachInterface({ domain, network, mac, address });
    await domainAfter(context, task, ({ name, interfaces }) => {
      const added = interfaces.find(({ handle }) => !before.includes(handle))!;
      return `attached to ${name}: ${interfaceLine(added)}`;
    });
  },
});
