/** set_timer_op (15): EBX and ECX are the low and high word of a system time in ns; 0 cancels. */
import type { HypercallHandler } from './handler.ts';
import { deadlineOf } from './vcpu-op.ts';

export const setTimerOp: HypercallHandler = (domain, { first, second }) => {
  const timeNs = (BigInt(second >>> 0) << 32n) | BigInt(first >>> 0);
  if (timeNs === 0n) domain.vcpu.stopTimer();
  else domain.vcpu.setTimer(deadlineOf(timeNs));
  return 0;
};
