/** A domain's HVM parameters, and which of them its own guest may read and set (Xen's `hvm.c`). */
import { Errno, HVM_NR_PARAMS, HvmParam } from './abi/index.ts';

const GUEST_SETS: readonly number[] = [
  HvmParam.callbackIrq,
  HvmParam.storeEvtchn,
  HvmParam.consoleEvtchn,
  HvmParam.vm86Tss,
  HvmParam.acpiIoportsLocation,
  HvmParam.vmGenerationIdAddr,
  HvmParam.x87FipWidth,
  HvmParam.vm86TssSized,
];
const GUEST_READS: readonly number[] = [
  ...GUEST_SETS,
  HvmParam.storePfn,
  HvmParam.consolePfn,
  HvmParam.altp2m,
];
const KNOWN: readonly number[] = Object.values(HvmParam);

export class HvmParams {
  private readonly values = new Map<number, bigint>();

  get(index: number): bigint {
    return this.values.get(index) ?? 0n;
  }

  set(index: HvmParam, value: bigint): void {
    this.values.set(index, value);
  }

  /** The guest's set_param: 0 or a negative errno. */
  guestSet(index: number, value: bigint): number {
    const refused = this.refusal(index, GUEST_SETS);
    if (refused === 0) this.values.set(index, value);
    return refused;
  }

  /** The guest's get_param: 0 when it may have `get(index)`, else a negative errno. */
  guestMayRead(index: number): number {
    return this.refusal(index, GUEST_READS);
  }

  save(): [number, string][] {
    return [...this.values].map(([index, value]) => [index, value.toString()]);
  }

  restore(saved: readonly [number, string][]): void {
    this.values.clear();
    for (const [index, value] of saved) this.values.set(index, BigInt(value));
  }

  private refusal(index: number, allowed: readonly number[]): number {
    if (index >= HVM_NR_PARAMS || !KNOWN.includes(index)) return -Errno.EINVAL;
    return allowed.includes(index) ? 0 : -Errno.EPERM;
  }
}
