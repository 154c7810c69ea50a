import type { StatisticsSample } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import type { Context } from '../context.ts';
import { listLines } from '../format/xl-list.ts';

export const command = defineCommand({
  words: [],
  options: {},
  notes: `The columns are those of "xl list". State: r running, b blocked, p paused, s shut down, c crashed.
Mem is MiB: what a running domain has, what one that is off is set to. Time(s) is CPU time.`,
  async run(context) {
    const site = await context.site();
    const [domains, sample] = await Promise.all([site.domains.list(), firstSample(context)]);
    const samples = new Map(sample?.domains.map((one) => [one.uuid, one]));
    const listed = domains.map((domain) => {
      const { cpuTimeMs = 0, cpuPercent = 0 } = samples.get(domain.uuid) ?? {};
      return { ...domain, cpuTimeMs, cpuPercent };
    });
    await context.output.result(listed, () => listLines(listed));
  },
});

async function firstSample(context: Context): Promise<StatisticsSample | null> {
  for await (const sample of await (await context.site()).site.statistics()) return sample;
  return null;
}
