import { DomusError } from '../shared/errors.ts';
import type * as Benches from './bench/index.ts';

/**
 * Runs one benchmark (`bench/README.md`); minutes. `lines` is the result for a person. Benchmarks
 * bring peers and test programs that no installed Domus has: they run in the project's folder.
 *
 * @throws `bench.unknown`; `bench.unavailable` where Domus is installed
 */
export async function runBench(
  name: string,
  options: Benches.BenchOptions,
): Promise<{ result: Benches.BenchResult; lines: string[] }> {
  if (!import.meta.url.endsWith('.ts')) {
    throw new DomusError(
      'bench.unavailable',
      'Benchmarks run in the project folder of Domus: npm run bench -- NAME.',
    );
  }
  // A path that the bundler does not follow.
  const module = ['.', 'bench', 'index.ts'].join('/');
  const bench = (await import(module)) as typeof Benches;
  const result = await bench.runBench(name, options);
  return { result, lines: bench.benchLines(result) };
}
