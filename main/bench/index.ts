/**
 * The benchmarks: each a real measurement of Domus as shipped, beside its peers in the same run.
 * See README.md for what each figure is.
 */
import { DomusError } from '../../shared/errors.ts';
import { BENCH_NAMES } from './bench.ts';
import type { Bench, BenchName, BenchOptions, Figures } from './bench.ts';
import { observeConditions } from './conditions.ts';
import type { BenchResult } from './result.ts';
import { describeTarget, figureAt, meets, TARGETS } from './targets.ts';

export { BENCH_NAMES } from './bench.ts';
export type { BenchName, BenchOptions } from './bench.ts';
export { benchLines } from './report.ts';
export type { BenchResult } from './result.ts';

const BENCHES: Record<BenchName, () => Promise<Bench>> = {
  cpu: async () => (await import('./benches/cpu.ts')).cpu,
  boot: async () => (await import('./benches/boot.ts')).boot,
  balloon: async () => (await import('./benches/balloon.ts')).balloon,
  console: async () => (await import('./benches/console.ts')).consoleBench,
  idle: async () => (await import('./benches/idle.ts')).idle,
  ui: async () => (await import('./benches/ui.ts')).ui,
  disk: async () => (await import('./benches/disk.ts')).disk,
  net: async () => (await import('./benches/net.ts')).net,
  hotplug: async () => (await import('./benches/hotplug.ts')).hotplug,
  isolation: async () => (await import('./benches/isolation.ts')).isolation,
  migrate: async () => (await import('./benches/migrate.ts')).migrate,
  'migrate-scale': async () => (await import('./benches/migrate-scale.ts')).migrateScale,
  'log-dirty': async () => (await import('./benches/log-dirty.ts')).logDirty,
  save: async () => (await import('./benches/save.ts')).save,
  soak: async () => (await import('./benches/soak.ts')).soak,
  protect: async () => (await import('./benches/protect.ts')).protect,
};

/**
 * Runs one benchmark. It takes minutes and both of two processors.
 *
 * @throws DomusError `bench.unknown`; errors of the parts it drives; MachineError when a guest
 *   stopped answering
 */
export async function runBench(name: string, options: BenchOptions = {}): Promise<BenchResult> {
  const known = BENCH_NAMES.find((candidate) => candidate === name);
  if (!known) {
    throw new DomusError(
      'bench.unknown',
      `There is no benchmark "${name}". There are: ${BENCH_NAMES.join(', ')}.`,
      { data: { name, known: [...BENCH_NAMES] } },
    );
  }
  const bench = await BENCHES[known]();
  const conditions = observeConditions();
  const { figures, detail, notes } = await bench(options.progress ?? (() => undefined), {
    runs: options.runs,
  });
  const targets = judge(known, figures);
  return {
    bench: known,
    ...figures,
    met: targets.every(({ met }) => met),
    targets,
    notes,
    conditions: conditions(),
    detail,
  };
}

function judge(name: BenchName, figures: Figures): BenchResult['targets'] {
  return TARGETS[name].map((target) => ({
    target: describeTarget(target),
    met: meets(target, figureAt(figures, target.key)),
  }));
}
