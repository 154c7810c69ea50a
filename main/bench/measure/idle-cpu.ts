/** What a process that has nothing to do uses of a core. */
import { delay } from './delay.ts';
import { processCpuMs } from './process-cpu.ts';

/** Percent of one core, of all threads together, one figure for each window. */
export async function idleCpu(pid: number, windows: number, windowMs: number): Promise<number[]> {
  const percents: number[] = [];
  for (let window = 0; window < windows; window++) {
    const [cpuMs, startMs] = [processCpuMs(pid), performance.now()];
    await delay(windowMs);
    percents.push((100 * (processCpuMs(pid) - cpuMs)) / (performance.now() - startMs));
  }
  return percents;
}
