/** Every hypercall an HVM guest may make; what is not here answers ENOSYS, as in Xen. */
import { Errno, Hypercall } from '../abi/index.ts';
import { consoleIo } from './console-io.ts';
import { eventChannelOp } from './event-channel-op.ts';
import { grantTableOp } from './grant-table-op.ts';
import type { HypercallHandler } from './handler.ts';
import { hvmOp } from './hvm-op.ts';
import { memoryOp } from './memory-op.ts';
import { multicall } from './multicall.ts';
import { schedOp } from './sched-op.ts';
import { setTimerOp } from './set-timer-op.ts';
import { vcpuOp } from './vcpu-op.ts';
import { vmAssist } from './vm-assist.ts';
import { xenVersion } from './xen-version.ts';

const handlers: Partial<Record<number, HypercallHandler>> = {
  [Hypercall.memoryOp]: memoryOp,
  [Hypercall.multicall]: (domain, args) => multicall(domain, args, inMulticall),
  [Hypercall.setTimerOp]: setTimerOp,
  [Hypercall.xenVersion]: xenVersion,
  [Hypercall.consoleIo]: consoleIo,
  [Hypercall.grantTableOp]: grantTableOp,
  [Hypercall.vmAssist]: vmAssist,
  [Hypercall.vcpuOp]: vcpuOp,
  [Hypercall.schedOp]: schedOp,
  [Hypercall.eventChannelOp]: eventChannelOp,
  [Hypercall.hvmOp]: hvmOp,
  // Only for domains with the right to manage others.
  [Hypercall.platformOp]: () => -Errno.EPERM,
  [Hypercall.sysctl]: () => -Errno.EPERM,
  [Hypercall.domctl]: () => -Errno.EPERM,
};

const unknown: HypercallHandler = () => -Errno.ENOSYS;

export function hypercallHandler(number: number): HypercallHandler {
  return handlers[number] ?? unknown;
}

/** A multicall within a multicall is refused, as in Xen. */
function inMulticall(number: number): HypercallHandler {
  return number === Hypercall.multicall ? () => -Errno.EINVAL : hypercallHandler(number);
}
