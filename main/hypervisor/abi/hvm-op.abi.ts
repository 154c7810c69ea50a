/** Xen public/hvm/hvm_op.h: hvm_op. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { array, domid, u16, u32, u64, u8, vcpu } from './field-types.ts';
import { struct } from './struct.ts';

/** `HVMOP_*`. */
export const HvmOp = {
  setParam: 0,
  getParam: 1,
  flushTlbs: 5,
  pagetableDying: 9,
  getTime: 10,
  xentrace: 11,
  getMemType: 15,
  setEvtchnUpcallVector: 23,
  guestRequestVmEvent: 24,
  altp2m: 25,
} as const;
export type HvmOp = ConstantOf<typeof HvmOp>;
export const hvmOpName = namesOf(HvmOp);

/** `HVMMEM_*`: what get_mem_type answers. */
export const HvmMemType = { ramRw: 0, ramRo: 1, mmioDm: 2 } as const;
export type HvmMemType = ConstantOf<typeof HvmMemType>;

/** set_param, get_param. */
export const HvmParamArgument = struct('xen_hvm_param', 16, {
  domid: [0, domid], // in
  pad: [2, u16],
  index: [4, u32], // in: HvmParam
  value: [8, u64], // in of set, out of get
});

export const HvmPagetableDying = struct('xen_hvm_pagetable_dying', 16, {
  domid: [0, domid], // in
  pad: [2, array(u16, 3)],
  gpa: [8, u64], // in: of the page directory
});

export const HvmGetTime = struct('xen_hvm_get_time', 8, {
  now: [0, u64], // out: ns
});

export const HvmGetMemType = struct('xen_hvm_get_mem_type', 16, {
  domid: [0, domid], // in
  memType: [2, u16], // out: HvmMemType
  pad: [4, array(u16, 2)],
  pfn: [8, u64], // in
});

export const HvmEvtchnUpcallVector = struct('xen_hvm_evtchn_upcall_vector', 8, {
  vcpu: [0, vcpu], // in
  vector: [4, u8], // in: 0x10 or above
});
