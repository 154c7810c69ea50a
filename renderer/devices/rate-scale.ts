import type { DeviceHistory } from '../site/device-histories.ts';

/** A device that does less than this looks idle. */
const LEAST_BYTES_PER_SECOND = 20_000;
const STEPS = [1, 2, 5, 10];

/** What the top of a device's curves stands for: a round figure over all of its last minute. */
export function rateScale(history: Pick<DeviceHistory, 'length' | 'value'>): number {
  let most = LEAST_BYTES_PER_SECOND;
  for (let age = 0; age < history.length; age++) {
    most = Math.max(most, history.value('into', age), history.value('outOf', age));
  }
  const power = 10 ** Math.floor(Math.log10(most));
  return power * STEPS.find((step) => step * power >= most)!;
}
