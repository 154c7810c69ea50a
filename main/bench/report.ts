/** A result for a person. */
import type { BenchResult } from './result.ts';

const OTHER_KEYS = new Set(['bench', 'met', 'targets', 'notes', 'conditions', 'detail']);

export function benchLines(result: BenchResult): string[] {
  const figures = Object.entries(result)
    .filter(([key]) => !OTHER_KEYS.has(key))
    .flatMap(([key, value]) => figureLines(key, value));
  const targets = result.targets.map(
    ({ target, met }) => `  ${met ? 'reached' : 'MISSED '}  ${target}`,
  );
  const { loadBefore, loadAfter, tookS, processor, cpus } = result.conditions;
  return [
    result.bench,
    ...figures,
    ...targets,
    ...result.notes.map((note) => `  note: ${note}`),
    `  ${tookS} s on ${cpus} × ${processor}, load ${loadBefore.toFixed(1)} to ${loadAfter.toFixed(1)}`,
  ];
}

/** One line, or one for each figure of a group: `idle.downtime_ms.p50   3.1`. */
function figureLines(key: string, value: unknown): string[] {
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([word, part]) => figureLines(`${key}.${word}`, part));
  }
  return [`  ${key.padEnd(28)}${value === null ? 'not measured' : String(value)}`];
}
