/** sched_op (29): Xen public/sched.h. */
import {
  Errno,
  GuestVirtualAddress,
  SCHED_POLL_MAX_PORTS,
  SchedOp,
  SchedPoll,
  SchedShutdown,
  SHUTDOWN_MAX,
} from '../abi/index.ts';
import type { ShutdownReason } from '../abi/index.ts';
import type { CommandHandler, HypercallHandler } from './handler.ts';

const commands: Partial<Record<number, CommandHandler>> = {
  // A guest whose console ring is full spins here: its back ends get their turn.
  [SchedOp.yield]: (domain) => {
    domain.yield();
    return 0;
  },
  [SchedOp.block]: () => 0,
  [SchedOp.shutdown]: (domain, argument) => {
    const op = domain.guest.read(SchedShutdown, argument);
    if (!op) return -Errno.EFAULT;
    if (op.reason > SHUTDOWN_MAX) return -Errno.EINVAL;
    domain.shutdown(op.reason as ShutdownReason, 'asked for by the guest');
    return 0;
  },
  // With one vCPU nobody else can make a port pending meanwhile: an early return is allowed.
  [SchedOp.poll]: (domain, argument) => {
    const op = domain.guest.read(SchedPoll, argument);
    if (!op) return -Errno.EFAULT;
    if (op.nrPorts > SCHED_POLL_MAX_PORTS) return -Errno.EINVAL;
    domain.yield();
    return 0;
  },
  [SchedOp.shutdownCode]: (domain, argument) =>
    domain.guest.read(SchedShutdown, argument) ? 0 : -Errno.EFAULT,
  [SchedOp.pinOverride]: () => -Errno.EPERM,
};

export const schedOp: HypercallHandler = (domain, { first, second }) =>
  commands[first]?.(domain, GuestVirtualAddress(second)) ?? -Errno.ENOSYS;
