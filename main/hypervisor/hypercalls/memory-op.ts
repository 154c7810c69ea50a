/** memory_op (12): Xen public/memory.h. */
import type { GuestVirtualAddress } from '../abi/index.ts';
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
import type { CallingDomain, CommandHandler, HypercallHandler } from './handler.ts';
import { refusalOf } from './handler.ts';

/** Extents one call may name: a guest cannot keep its host busy longer than this takes. */
const MAX_EXTENTS = 65_536;
/** Of 2^order frames; Xen's own limit for a guest that owns no devices. */
const MAX_ORDER = 9;
const GFN_BYTES = 4;

const commands: Partial<Record<number, CommandHandler>> = {
  [MemoryOp.decreaseReservation]: (domain, argument) => eachExtent(domain, argument, release),
  [MemoryOp.populatePhysmap]: (domain, argument) => eachExtent(domain, argument, populate),
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
    const refused = refusalOf(domain, op.domid);
    if (refused !== 0) return refused;
    return domain.physmap.release(op.gpfn) ? 0 : -Errno.ENOENT;
  },
};

export const memoryOp: HypercallHandler = (domain, { first, second }) => {
  const command = first & ((1 << MEMORY_OP_COMMAND_BITS) - 1);
  return commands[command]?.(domain, virtual(second)) ?? -Errno.ENOSYS;
};

function aboutDomain(answer: (domain: CallingDomain) => number): CommandHandler {
  return (domain, argument) => {
    const op = domain.guest.read(MemoryDomain, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.domid);
    return refused === 0 ? answer(domain) : refused;
  };
}

/** Runs over the extents until one fails; returns how many succeeded, as Xen does. */
function eachExtent(
  domain: CallingDomain,
  argument: GuestVirtualAddress,
  act: (domain: CallingDomain, first: number, frames: number) => boolean,
): number {
  const op = domain.guest.read(MemoryReservation, argument);
  if (!op || op.extentOrder > MAX_ORDER || op.nrExtents > MAX_EXTENTS) return 0;
  const refused = refusalOf(domain, op.domid);
  if (refused !== 0) return refused === -Errno.ESRCH ? 0 : refused;
  for (let done = 0; done < op.nrExtents; done++) {
    const first = domain.guest.readU32(op.extentStart + done * GFN_BYTES);
    if (first === null || !act(domain, first, 1 << op.extentOrder)) return done;
  }
  return op.nrExtents;
}

/** Stops at a frame that is not there; those before it are gone. */
function release(domain: CallingDomain, first: number, frames: number): boolean {
  for (let page = 0; page < frames; page++) if (!domain.physmap.release(first + page)) return false;
  return true;
}

/** All of an extent's frames or none. */
function populate(domain: CallingDomain, first: number, frames: number): boolean {
  const { counters, maxFrames, physmap } = domain;
  if (counters.frames + frames > maxFrames) return false;
  for (let page = 0; page < frames; page++) {
    if (physmap.populate(first + page)) continue;
    release(domain, first, page);
    return false;
  }
  return true;
}

function addToPhysmap(domain: CallingDomain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(AddToPhysmap, argument);
  if (!op) return -Errno.EFAULT;
  const refused = refusalOf(domain, op.domid);
  if (refused !== 0) return refused;
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
