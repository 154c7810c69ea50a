/** Xen public/hvm/params.h: a domain's 64-bit parameters. */
import { namesOf, type ConstantOf } from './constants.ts';

/** `HVM_PARAM_*`. The gaps are parameters that Xen retired. */
export const HvmParam = {
  callbackIrq: 0,
  storePfn: 1,
  storeEvtchn: 2,
  ioreqPfn: 5,
  bufioreqPfn: 6,
  viridian: 9,
  timerMode: 10,
  hpetEnabled: 11,
  identPt: 12,
  acpiSState: 14,
  vm86Tss: 15,
  vptAlign: 16,
  consolePfn: 17,
  consoleEvtchn: 18,
  acpiIoportsLocation: 19,
  pagingRingPfn: 27,
  monitorRingPfn: 28,
  sharingRingPfn: 29,
  tripleFaultReason: 31,
  ioreqServerPfn: 32,
  nrIoreqServerPages: 33,
  vmGenerationIdAddr: 34,
  altp2m: 35,
  x87FipWidth: 36,
  vm86TssSized: 37,
  mcaCap: 38,
} as const;
export type HvmParam = ConstantOf<typeof HvmParam>;
export const hvmParamName = namesOf(HvmParam);

/** Parameters are 0 to this minus one. */
export const HVM_NR_PARAMS = 39;

/** Bits 63-56 of `callbackIrq`: how an upcall is delivered without a per-vCPU vector. */
export const CallbackType = { gsi: 0, pciIntx: 1, vector: 2 } as const;
export type CallbackType = ConstantOf<typeof CallbackType>;
export const CALLBACK_IRQ_TYPE_SHIFT = 56n;
export const CALLBACK_IRQ_TYPE_MASK = 0xff00_0000_0000_0000n;
