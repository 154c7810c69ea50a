/** sched_op (29): Xen public/sched.h. */
import {
  Errno,
  EVENT_CHANNELS_2LEVEL,
  GuestVirtualAddress as virtual,
  SCHED_POLL_MAX_PORTS,
  SchedOp,
  SchedPoll,
  SchedShutdown,
  SHUTDOWN_MAX,
} from '../abi/index.ts';
import type { GuestVirtualAddress, ShutdownReason } from '../abi/index.ts';
import type { CallingDomain, CommandHandler, HypercallHandler } from './handler.ts';

const PORT_BYTES = 4;

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
  [SchedOp.poll]: poll,
  [SchedOp.shutdownCode]: (domain, argument) =>
    domain.guest.read(SchedShutdown, argument) ? 0 : -Errno.EFAULT,
  [SchedOp.remoteShutdown]: () => -Errno.EPERM,
  [SchedOp.pinOverride]: () => -Errno.EPERM,
};

/** With one vCPU nobody else can make a port pending meanwhile: an early return is allowed. */
function poll(domain: CallingDomain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(SchedPoll, argument);
  if (!op) return -Errno.EFAULT;
  if (op.nrPorts > SCHED_POLL_MAX_PORTS) return -Errno.EINVAL;
  for (let index = 0; index < op.nrPorts; index++) {
    const port = domain.guest.readU32(op.ports + index * PORT_BYTES);
    if (port === null) return -Errno.EFAULT;
    if (port >= EVENT_CHANNELS_2LEVEL) return -Errno.EINVAL;
    if (domain.shared.isPending(port)) return 0;
  }
  domain.yield();
  return 0;
}

export const schedOp: HypercallHandler = (domain, { first, second }) =>
  commands[first]?.(domain, virtual(second)) ?? -Errno.ENOSYS;
