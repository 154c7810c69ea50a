/** hvm_op (34): Xen public/hvm/hvm_op.h. */
import {
  Errno,
  GuestVirtualAddress,
  HvmEvtchnUpcallVector,
  HvmGetMemType,
  HvmGetTime,
  HvmMemType,
  HvmOp,
  HvmParam,
  HvmParamArgument,
} from '../abi/index.ts';
import type { CommandHandler, HypercallHandler } from './handler.ts';
import { refusalOf } from './handler.ts';

const FIRST_USABLE_VECTOR = 0x10;

const commands: Partial<Record<number, CommandHandler>> = {
  [HvmOp.setParam]: (domain, argument) => {
    const op = domain.guest.read(HvmParamArgument, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.domid);
    if (refused !== 0) return refused;
    const result = domain.params.guestSet(op.index, op.value);
    if (result === 0 && op.index === HvmParam.callbackIrq) domain.upcallWayChanged();
    return result;
  },
  [HvmOp.getParam]: (domain, argument) => {
    const op = domain.guest.read(HvmParamArgument, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.domid);
    if (refused !== 0) return refused;
    const unreadable = domain.params.guestMayRead(op.index);
    if (unreadable !== 0) return unreadable;
    const value = domain.params.get(op.index);
    return domain.guest.write(HvmParamArgument, argument, { value }) ? 0 : -Errno.EFAULT;
  },
  [HvmOp.getTime]: (domain, argument) =>
    domain.guest.write(HvmGetTime, argument, { now: BigInt(Math.round(domain.nowMs * 1e6)) })
      ? 0
      : -Errno.EFAULT,
  [HvmOp.getMemType]: (domain, argument) => {
    const op = domain.guest.read(HvmGetMemType, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.domid);
    if (refused !== 0) return refused;
    const isRam = domain.physmap.isPopulated(Number(op.pfn));
    const memType = isRam ? HvmMemType.ramRw : HvmMemType.mmioDm;
    return domain.guest.write(HvmGetMemType, argument, { memType }) ? 0 : -Errno.EFAULT;
  },
  [HvmOp.setEvtchnUpcallVector]: (domain, argument) => {
    const op = domain.guest.read(HvmEvtchnUpcallVector, argument);
    if (!op) return -Errno.EFAULT;
    if (op.vector < FIRST_USABLE_VECTOR) return -Errno.EINVAL;
    if (op.vcpu !== 0) return -Errno.ENOENT;
    domain.vcpu.upcallVector = op.vector;
    domain.upcallWayChanged();
    return 0;
  },
};

/** pagetable_dying among the rest: its absence spares a hypercall for every process that ends. */
export const hvmOp: HypercallHandler = (domain, { first, second }) =>
  commands[first]?.(domain, GuestVirtualAddress(second)) ?? -Errno.ENOSYS;
