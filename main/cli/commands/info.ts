import type { Domain } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';
import type { Context } from '../context.ts';
import { domainLines } from '../format/domain-lines.ts';
import { siteLines } from '../format/site-lines.ts';
import { keyValues } from '../format/table.ts';
import { mib } from '../format/units.ts';

const DOMAIN0 = 'Domain-0';

export const command = defineCommand({
  words: ['[NAME]'],
  options: { host: { kind: 'text', value: 'H', help: 'whose Domain-0 is meant' } },
  notes: 'Without NAME: the daemon and its hosts. NAME may be a UUID.',
  async run(context, { words: [name], options }) {
    if (name === undefined) return siteInfo(context);
    const domain =
      name === DOMAIN0
        ? await domain0(context, options.host)
        : await (await context.site()).domains.get({ domain: name });
    await context.output.result(domain, () => domainLines(domain));
  },
});

async function siteInfo(context: Context): Promise<void> {
  const site = await context.site();
  const [info, hosts] = await Promise.all([site.site.info(), site.hosts.list()]);
  await context.output.result({ ...info, hosts }, () => [
    ...siteLines(info),
    ...hosts.flatMap((host) => [
      '',
      ...keyValues([
        ['host', host.name],
        ['state', host.state],
        ['nr_cpus', host.pcpus],
        ['total_memory', mib(host.memoryKiB)],
        ['free_memory', mib(host.freeKiB)],
      ]),
    ]),
  ]);
}

/** Each host has one, all of the same name. */
async function domain0(context: Context, host: string | undefined): Promise<Domain> {
  const domains = await (await context.site()).domains.list();
  const zeros = domains.filter(({ isDomain0 }) => isDomain0);
  const found = host === undefined ? zeros : zeros.filter((zero) => zero.host === host);
  if (found.length === 1) return found[0]!;
  const hosts = zeros.map((zero) => zero.host).join(', ');
  throw usageError(`Say whose ${DOMAIN0}, with --host: ${hosts}.`, 'info');
}
