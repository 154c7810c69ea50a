/** vcpu_op (24): Xen public/vcpu.h. ECX is the vCPU, EDX the argument's address. */
import type { GuestVirtualAddress } from '../abi/index.ts';
import {
  Errno,
  GuestVirtualAddress as virtual,
  SingleshotFlag,
  VcpuInfo,
  VcpuOp,
  VcpuRegisterRunstateMemoryArea,
  VcpuRegisterTimeMemoryArea,
  VcpuRegisterVcpuInfo,
  VcpuRunstateInfo,
  VcpuSetSingleshotTimer,
  VcpuTimeInfo,
} from '../abi/index.ts';
import { PAGE_SIZE } from '../engine/page.ts';
import type { CallingDomain, CommandHandler, HypercallHandler } from './handler.ts';

const commands: Partial<Record<number, CommandHandler>> = {
  // The one vCPU is initialised and up from the beginning.
  [VcpuOp.initialise]: () => -Errno.EEXIST,
  [VcpuOp.up]: () => 0,
  [VcpuOp.isUp]: () => 1,
  // Only of a vCPU that is pinned to a processor.
  [VcpuOp.getPhysid]: () => -Errno.EINVAL,
  [VcpuOp.getRunstateInfo]: (domain, argument) =>
    domain.guest.copyOut(argument, domain.vcpu.runstateInfo()) ? 0 : -Errno.EFAULT,
  [VcpuOp.registerRunstateMemoryArea]: (domain, argument) => {
    const op = domain.guest.read(VcpuRegisterRunstateMemoryArea, argument);
    const area = op && domain.guest.resolve(op.addr.h, VcpuRunstateInfo.size);
    if (!area) return -Errno.EFAULT;
    domain.vcpu.registerRunstateArea(area, domain.nowMs);
    return 0;
  },
  [VcpuOp.stopPeriodicTimer]: () => 0,
  [VcpuOp.setSingleshotTimer]: setSingleshotTimer,
  [VcpuOp.stopSingleshotTimer]: (domain) => {
    domain.vcpu.stopTimer();
    return 0;
  },
  [VcpuOp.registerVcpuInfo]: registerVcpuInfo,
  [VcpuOp.registerVcpuTimeMemoryArea]: (domain, argument) => {
    const op = domain.guest.read(VcpuRegisterTimeMemoryArea, argument);
    if (!op) return -Errno.EFAULT;
    const area = op.addr.h === 0 ? [] : domain.guest.resolve(op.addr.h, VcpuTimeInfo.size);
    if (!area) return -Errno.EFAULT;
    domain.shared.registerTimeArea(area);
    return 0;
  },
};

export const vcpuOp: HypercallHandler = (domain, { first, second, third }) => {
  if (second !== 0) return -Errno.ENOENT;
  return commands[first]?.(domain, virtual(third)) ?? -Errno.ENOSYS;
};

/** Xen's times are signed: what looks beyond 2^63 ns is long past. */
export function deadlineOf(systemTimeNs: bigint): number {
  return Number(BigInt.asIntN(64, systemTimeNs)) / 1e6;
}

function setSingleshotTimer(domain: CallingDomain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(VcpuSetSingleshotTimer, argument);
  if (!op) return -Errno.EFAULT;
  const deadlineMs = deadlineOf(op.timeoutAbsNs);
  if (op.flags & SingleshotFlag.future && deadlineMs < domain.nowMs) return -Errno.ETIME;
  domain.vcpu.setTimer(deadlineMs);
  return 0;
}

function registerVcpuInfo(domain: CallingDomain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(VcpuRegisterVcpuInfo, argument);
  if (!op) return -Errno.EFAULT;
  if (op.offset % 4 !== 0 || op.offset + VcpuInfo.size > PAGE_SIZE) return -Errno.ENXIO;
  if (domain.shared.vcpuInfoRegistered) return -Errno.EBUSY;
  const gfn = Number(op.mfn);
  if (!domain.physmap.isPopulated(gfn)) return -Errno.EINVAL;
  domain.shared.registerVcpuInfo(gfn * PAGE_SIZE + op.offset);
  domain.raiseUpcall();
  return 0;
}
