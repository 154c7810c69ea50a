/** What the benchmarks make of their samples. All throw RangeError when there are none. */

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/**
 * The `fraction` quantile (0 to 1), linear between the two nearest samples: R's type 7, the usual
 * one of spreadsheets and NumPy.
 */
export function percentile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) throw new RangeError('no samples to take a percentile of');
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`no fraction: ${fraction}`);
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

export function p95(samples: readonly number[]): number {
  return percentile(samples, 0.95);
}

/** Of positive numbers: the mean that is right for ratios. */
export function geometricMean(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('no samples to take a mean of');
  if (samples.some((sample) => !(sample > 0))) {
    throw new RangeError('a geometric mean needs positive samples');
  }
  return Math.exp(samples.reduce((sum, sample) => sum + Math.log(sample), 0) / samples.length);
}

/** To `digits` decimals, for a report: `round(1.0449, 3)` is 1.045. */
export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
