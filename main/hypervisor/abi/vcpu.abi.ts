/** Xen public/vcpu.h: vcpu_op. EBX is the command, ECX the vCPU, EDX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { array, guestHandle, i32, u32, u64 } from './field-types.ts';
import { struct, union, type StructValue } from './struct.ts';

/** `VCPUOP_*`. */
export const VcpuOp = {
  initialise: 0,
  up: 1,
  down: 2,
  isUp: 3,
  getRunstateInfo: 4,
  registerRunstateMemoryArea: 5,
  setPeriodicTimer: 6,
  stopPeriodicTimer: 7,
  setSingleshotTimer: 8,
  stopSingleshotTimer: 9,
  registerVcpuInfo: 10,
  sendNmi: 11,
  getPhysid: 12,
  registerVcpuTimeMemoryArea: 13,
} as const;
export type VcpuOp = ConstantOf<typeof VcpuOp>;
export const vcpuOpName = namesOf(VcpuOp);

/** `RUNSTATE_*`: also the index into `VcpuRunstateInfo.time`. */
export const Runstate = { running: 0, runnable: 1, blocked: 2, offline: 3 } as const;
export type Runstate = ConstantOf<typeof Runstate>;

/** Set in `stateEntryTime` while the area is written, if the guest has asked (vm_assist 5). */
export const RUNSTATE_UPDATE = 1n << 63n;

/** `VCPU_SSHOTTMR_*`: bits of `VcpuSetSingleshotTimer.flags`. */
export const SingleshotFlag = {
  /** A deadline in the past is -ETIME, not an immediate interrupt. */
  future: 1,
} as const;

/** Where a vCPU's time went; its size is 48 for 64-bit guests. */
export const VcpuRunstateInfo = struct('vcpu_runstate_info', 44, {
  state: [0, i32], // Runstate
  stateEntryTime: [4, u64], // ns of system time
  time: [12, array(u64, 4)], // ns in each state
});
export type VcpuRunstateInfo = StructValue<typeof VcpuRunstateInfo>;

export const VcpuRegisterRunstateMemoryArea = struct('vcpu_register_runstate_memory_area', 8, {
  addr: [0, union('vcpu_register_runstate_memory_area.addr', 8, { h: guestHandle, p: u64 })], // in
});

export const VcpuSetPeriodicTimer = struct('vcpu_set_periodic_timer', 8, {
  periodNs: [0, u64], // in
});

export const VcpuSetSingleshotTimer = struct('vcpu_set_singleshot_timer', 12, {
  timeoutAbsNs: [0, u64], // in: of system time
  flags: [8, u32], // in: SingleshotFlag
});

export const VcpuRegisterVcpuInfo = struct('vcpu_register_vcpu_info', 16, {
  mfn: [0, u64], // in: of an HVM guest a gfn
  offset: [8, u32], // in: bytes into the page
  rsvd: [12, u32],
});

export const VcpuGetPhysid = struct('vcpu_get_physid', 8, {
  physId: [0, u64], // out
});

export const VcpuRegisterTimeMemoryArea = struct('vcpu_register_time_memory_area', 8, {
  addr: [0, union('vcpu_register_time_memory_area.addr', 8, { h: guestHandle, p: u64 })], // in
});
