/**
 * grant_table_op (20): Xen public/grant_table.h. Guests grant; domain 0 maps. What a guest asks to
 * map or copy from another domain it was never granted, so those end with a status, not a frame.
 */
import type { GuestVirtualAddress, GrantStatus as Status } from '../abi/index.ts';
import {
  Errno,
  GnttabCacheFlush,
  GnttabCopy,
  GnttabGetStatusFrames,
  GnttabGetVersion,
  GnttabMapGrantRef,
  GnttabQuerySize,
  GnttabSetupTable,
  GnttabSetVersion,
  GnttabSwapGrantRef,
  GnttabTransfer,
  GnttabUnmapAndReplace,
  GnttabUnmapGrantRef,
  GrantCopyFlag,
  GrantStatus,
  GrantTableOp,
  GuestVirtualAddress as virtual,
} from '../abi/index.ts';
import type { StructValue } from '../abi/struct.ts';
import { MAX_GRANT_FRAMES } from '../builder/memory-layout.ts';
import { PAGE_SIZE } from '../engine/page.ts';
import type { CallingDomain, HypercallHandler } from './handler.ts';

/** Elements one call may have. */
const MAX_BATCH = 4096;

interface Command {
  /** Bytes from one element to the next. */
  size: number;
  /** Serves one element; 0, or a negative errno that ends the call. */
  serve(domain: CallingDomain, element: GuestVirtualAddress): number;
}

const commands: Partial<Record<number, Command>> = {
  [GrantTableOp.mapGrantRef]: {
    size: GnttabMapGrantRef.size,
    serve: (domain, at) =>
      done(domain.guest.write(GnttabMapGrantRef, at, { status: GrantStatus.badDomain })),
  },
  [GrantTableOp.unmapGrantRef]: {
    size: GnttabUnmapGrantRef.size,
    serve: (domain, at) =>
      done(domain.guest.write(GnttabUnmapGrantRef, at, { status: GrantStatus.badHandle })),
  },
  [GrantTableOp.setupTable]: { size: GnttabSetupTable.size, serve: setupTable },
  [GrantTableOp.copy]: {
    size: GnttabCopy.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabCopy, at);
      if (!op) return -Errno.EFAULT;
      return done(domain.guest.write(GnttabCopy, at, { status: copy(domain, op) }));
    },
  },
  [GrantTableOp.querySize]: {
    size: GnttabQuerySize.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabQuerySize, at);
      if (!op) return -Errno.EFAULT;
      const answer = domain.isSelf(op.dom)
        ? {
            nrFrames: Math.max(1, domain.grants.count),
            maxNrFrames: MAX_GRANT_FRAMES,
            status: GrantStatus.okay,
          }
        : { status: GrantStatus.permissionDenied };
      return done(domain.guest.write(GnttabQuerySize, at, answer));
    },
  },
  // Nobody accepts a transfer, and nothing was mapped that could be replaced.
  [GrantTableOp.transfer]: {
    size: GnttabTransfer.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabTransfer, at);
      if (!op) return -Errno.EFAULT;
      const { badDomain, badPage } = GrantStatus;
      const status = domain.physmap.isPopulated(op.mfn) ? badDomain : badPage;
      return done(domain.guest.write(GnttabTransfer, at, { status }));
    },
  },
  [GrantTableOp.unmapAndReplace]: {
    size: GnttabUnmapAndReplace.size,
    serve: (domain, at) =>
      done(domain.guest.write(GnttabUnmapAndReplace, at, { status: GrantStatus.badHandle })),
  },
  // Of version 2 only.
  [GrantTableOp.getStatusFrames]: {
    size: GnttabGetStatusFrames.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabGetStatusFrames, at);
      if (!op) return -Errno.EFAULT;
      const { generalError, permissionDenied } = GrantStatus;
      const status = domain.isSelf(op.dom) ? generalError : permissionDenied;
      return done(domain.guest.write(GnttabGetStatusFrames, at, { status }));
    },
  },
  [GrantTableOp.swapGrantRef]: {
    size: GnttabSwapGrantRef.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabSwapGrantRef, at);
      if (!op) return -Errno.EFAULT;
      const status = domain.grants.swap(op.refA, op.refB);
      return done(domain.guest.write(GnttabSwapGrantRef, at, { status }));
    },
  },
  // Caches are coherent on this processor.
  [GrantTableOp.cacheFlush]: { size: GnttabCacheFlush.size, serve: () => -Errno.EOPNOTSUPP },
  [GrantTableOp.setVersion]: {
    size: GnttabSetVersion.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabSetVersion, at);
      if (!op) return -Errno.EFAULT;
      if (op.version === 1) return 0;
      return op.version === 2 ? -Errno.ENOSYS : -Errno.EINVAL;
    },
  },
  [GrantTableOp.getVersion]: {
    size: GnttabGetVersion.size,
    serve: (domain, at) => {
      const op = domain.guest.read(GnttabGetVersion, at);
      if (!op) return -Errno.EFAULT;
      if (!domain.isSelf(op.dom)) return -Errno.EPERM;
      return done(domain.guest.write(GnttabGetVersion, at, { version: 1 }));
    },
  },
};

export const grantTableOp: HypercallHandler = (domain, { first, second, third }) => {
  const command = commands[first];
  if (!command) return -Errno.ENOSYS;
  if (third >>> 0 > MAX_BATCH) return -Errno.EINVAL;
  for (let index = 0; index < third; index++) {
    const result = command.serve(domain, virtual(second + index * command.size));
    if (result < 0) return result;
  }
  return 0;
};

function done(written: boolean): number {
  return written ? 0 : -Errno.EFAULT;
}

function setupTable(domain: CallingDomain, at: GuestVirtualAddress): number {
  const op = domain.guest.read(GnttabSetupTable, at);
  if (!op) return -Errno.EFAULT;
  // A translated guest places its frames itself; here it could only be told where they are.
  const status = !domain.isSelf(op.dom)
    ? GrantStatus.permissionDenied
    : op.nrFrames > MAX_GRANT_FRAMES
      ? GrantStatus.generalError
      : GrantStatus.okay;
  return done(domain.guest.write(GnttabSetupTable, at, { status }));
}

type CopyOp = StructValue<typeof GnttabCopy>;

/** A copy within the domain itself. */
function copy(domain: CallingDomain, op: CopyOp): Status {
  if (op.flags & (GrantCopyFlag.sourceGref | GrantCopyFlag.destGref)) return GrantStatus.badGntref;
  if (!domain.isSelf(op.source.domid) || !domain.isSelf(op.dest.domid)) {
    return GrantStatus.permissionDenied;
  }
  if (op.source.offset + op.len > PAGE_SIZE || op.dest.offset + op.len > PAGE_SIZE) {
    return GrantStatus.badCopyArg;
  }
  const [from, to] = [op.source.u.gmfn, op.dest.u.gmfn];
  if (!domain.physmap.isPopulated(from) || !domain.physmap.isPopulated(to)) {
    return GrantStatus.badPage;
  }
  const start = from * PAGE_SIZE + op.source.offset;
  const bytes = domain.memory.bytes.slice(start, start + op.len);
  domain.memory.write(to * PAGE_SIZE + op.dest.offset, bytes);
  return GrantStatus.okay;
}
