import type * as bench from '../../bench/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { ProgressLine } from '../terminal/progress-line.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    runs: {
      kind: 'number',
      value: 'N',
      help: 'how many moves; else as many as figures need',
    },
  },
  notes: `NAME: cpu, boot, balloon, console, idle, ui, disk, net, hotplug, isolation, migrate, migrate-scale, log-dirty,
save, soak, protect. Takes minutes, and both of two processors: end what else runs. It starts what it needs itself, in
a home of its own. --runs is for migrate, migrate-scale, save and soak. Exits with 0 whatever the figures are.`,
  async run(context, { words: [name], options: { runs } }) {
    const { benchLines, runBench } = await benchmarks();
    const line = new ProgressLine(context.output.stderr);
    try {
      const result = await runBench(name, {
        runs,
        progress: (message) => line.show(`${name}: ${message}`),
      });
      line.clear();
      await context.output.result(result, () => benchLines(result));
    } finally {
      line.clear();
    }
  },
});

/** They compare with programs that are started from their sources, so they are in no bundle. */
async function benchmarks(): Promise<typeof bench> {
  if (!import.meta.url.endsWith('.ts')) {
    throw new DomusError(
      'bench.no-sources',
      'The benchmarks come with the sources of Domus: run "npm run bench" in a clone.',
    );
  }
  return (await import(new URL('../../bench/index.ts', import.meta.url).href)) as typeof bench;
}
