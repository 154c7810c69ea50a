/** memory_op (12): Xen public/memory.h. */
import type { GuestVirtualAddress, MemoryReservation as Reservation } from '../abi/index.ts';
import {
  AddToPhysmap,
  Errno,
  GuestVirtualAddress as virtual,
  MapSpace,
  MEMORY_OP_COMMAND_BITS,
  MemoryDomain,
  MemoryOp,
  MemoryReservation,
  RemoveFromPhysmap,
} from '../abi/index.ts';
import type { Domain } from '../domain.ts';
import type { CommandHandler, HypercallHandler } from './handler.ts';

/** Extents one call may name: a guest cannot keep its host busy longer than this takes. */
const MAX_EXTENTS = 65_536;
const GFN_BYTES = 4;

const commands: Partial<Record<number, CommandHandler>> = {
  [MemoryOp.decreaseReservation]: (domain, argument) =>
    eachExtent(domain, argument, (gfn) => domain.physmap.release(gfn)),
  [MemoryOp.populatePhysmap]: (domain, argument) =>
    eachExtent(
      domain,
      argument,
      (gfn) => domain.counters.frames < domain.maxFrames && domain.physmap.populate(gfn),
    ),
  // A translated guest gets frames at gfns it names, never at ones the hypervisor chooses.
  [MemoryOp.increaseReservation]: () => 0,
  [MemoryOp.maximumRamPage]: (domain) => domain.physmap.ramFrames - 1,
  [MemoryOp.currentReservation]: aboutDomain((domain) => domain.counters.frames),
  [MemoryOp.maximumReservation]: aboutDomain((domain) => domain.maxFrames),
  [MemoryOp.maximumGpfn]: aboutDomain((domain) => domain.physmap.ramFrames - 1),
  [MemoryOp.addToPhysmap]: addToPhysmap,
  [MemoryOp.removeFromPhysmap]: (domain, argument) => {
    const op = domain.guest.read(RemoveFromPhysmap, argument);
    if (!op) return -Errno.EFAULT;
    if (!domain.isSelf(op.domid)) return -Errno.EPERM;
    return domain.physmap.release(op.gpfn) ? 0 : -Errno.ENOENT;
  },
};

export const memoryOp: HypercallHandler = (domain, { first, second }) => {
  const command = first & ((1 << MEMORY_OP_COMMAND_BITS) - 1);
  return commands[command]?.(domain, virtual(second)) ?? -Errno.ENOSYS;
};

function aboutDomain(answer: (domain: Domain) => number): CommandHandler {
  return (domain, argument) => {
    const op = domain.guest.read(MemoryDomain, argument);
    if (!op) return -Errno.EFAULT;
    return domain.isSelf(op.domid) ? answer(domain) : -Errno.EPERM;
  };
}

/** Runs over the extents until one fails; returns how many succeeded, as Xen does. */
function eachExtent(
  domain: Domain,
  argument: GuestVirtualAddress,
  act: (gfn: number) => boolean,
): number {
  const op = domain.guest.read(MemoryReservation, argument);
  if (!op || !domain.isSelf(op.domid)) return 0;
  const order = op.extentOrder;
  if (order > 10 || op.nrExtents > MAX_EXTENTS) return 0;
  for (let done = 0; done < op.nrExtents; done++) {
    if (!oneExtent(domain, op, done, order, act)) return done;
  }
  return op.nrExtents;
}

function oneExtent(
  domain: Domain,
  op: Reservation,
  index: number,
  order: number,
  act: (gfn: number) => boolean,
): boolean {
  const first = domain.guest.readU32(op.extentStart + index * GFN_BYTES);
  if (first === null) return false;
  for (let page = 0; page < 1 << order; page++) if (!act(first + page)) return false;
  return true;
}

function addToPhysmap(domain: Domain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(AddToPhysmap, argument);
  if (!op) return -Errno.EFAULT;
  if (!domain.isSelf(op.domid)) return -Errno.EPERM;
  switch (op.space) {
    case MapSpace.sharedInfo:
      if (op.idx !== 0 || !domain.physmap.isPopulated(op.gpfn)) return -Errno.EINVAL;
      domain.shared.place(op.gpfn);
      return 0;
    case MapSpace.grantTable:
      return domain.grants.place(op.idx, op.gpfn);
    default:
      return -Errno.EINVAL;
  }
}
