/** Xen public/xen.h and public/arch-x86/{xen.h,xen-x86_32.h}: the i386 guest's side. */
import { namesOf, type ConstantOf } from './constants.ts';
import { array, gfn, i8, u32, u64, u8 } from './field-types.ts';
import { DomId } from './numbers.ts';
import { struct, type StructValue } from './struct.ts';

/** `__HYPERVISOR_*`: EAX of a hypercall; arguments in EBX, ECX, EDX, ESI, EDI, result in EAX. */
export const Hypercall = {
  setTrapTable: 0,
  mmuUpdate: 1,
  setGdt: 2,
  stackSwitch: 3,
  setCallbacks: 4,
  fpuTaskswitch: 5,
  schedOpCompat: 6,
  platformOp: 7,
  setDebugreg: 8,
  getDebugreg: 9,
  updateDescriptor: 10,
  memoryOp: 12,
  multicall: 13,
  updateVaMapping: 14,
  setTimerOp: 15,
  eventChannelOpCompat: 16,
  xenVersion: 17,
  consoleIo: 18,
  physdevOpCompat: 19,
  grantTableOp: 20,
  vmAssist: 21,
  updateVaMappingOtherdomain: 22,
  iret: 23,
  vcpuOp: 24,
  setSegmentBase: 25,
  mmuextOp: 26,
  xsmOp: 27,
  nmiOp: 28,
  schedOp: 29,
  callbackOp: 30,
  xenoprofOp: 31,
  eventChannelOp: 32,
  physdevOp: 33,
  hvmOp: 34,
  sysctl: 35,
  domctl: 36,
  kexecOp: 37,
  tmemOp: 38,
  argoOp: 39,
  xenpmuOp: 40,
  dmOp: 41,
  hypfsOp: 42,
} as const;
export type Hypercall = ConstantOf<typeof Hypercall>;
/** `memory_op` for 12. */
export const hypercallName = namesOf(Hypercall);

/** `DOMID_*`: identifiers that name no ordinary domain. */
export const ReservedDomId = {
  /** Equal to `self`: from here upwards no domain is numbered. */
  firstReserved: DomId(0x7ff0),
  self: DomId(0x7ff0),
  io: DomId(0x7ff1),
  xen: DomId(0x7ff2),
  cow: DomId(0x7ff3),
  invalid: DomId(0x7ff4),
  idle: DomId(0x7fff),
} as const;

/** `VIRQ_*`: virtual interrupts. */
export const Virq = {
  timer: 0,
  debug: 1,
  console: 2,
  domExc: 3,
  tbuf: 4,
  debugger: 6,
  xenoprof: 7,
  conRing: 8,
  pcpuState: 9,
  memEvent: 10,
  argo: 11,
  enomem: 12,
  xenpmu: 13,
  arch0: 16,
  arch1: 17,
  arch2: 18,
  arch3: 19,
  arch4: 20,
  arch5: 21,
  arch6: 22,
  arch7: 23,
} as const;
export type Virq = ConstantOf<typeof Virq>;
export const virqName = namesOf(Virq);
export const NR_VIRQS = 24;

/** `CONSOLEIO_*`: EBX of console_io; ECX a count of bytes, EDX their address. */
export const ConsoleIo = { write: 0, read: 1 } as const;

/** `VMASST_CMD_*`: EBX of vm_assist. */
export const VmAssistCommand = { enable: 0, disable: 1 } as const;

/** `VMASST_TYPE_*`: ECX of vm_assist. An HVM domain has only `runstateUpdateFlag`. */
export const VmAssistType = {
  fourGbSegments: 0,
  fourGbSegmentsNotify: 1,
  writablePagetables: 2,
  paeExtendedCr3: 3,
  architecturalIopl: 4,
  runstateUpdateFlag: 5,
  m2pStrict: 32,
} as const;

/** `XEN_PVCLOCK_*`: bits of `VcpuTimeInfo.flags`. */
export const PvclockFlag = { tscStable: 1, guestStopped: 2 } as const;

/** vCPUs whose `vcpu_info` has a place in shared_info. */
export const LEGACY_MAX_VCPUS = 32;

/** Bochs' debugging port, to which a guest's early messages go a byte at a time. */
export const HVM_DEBUGCONS_IOPORT = 0xe9;

/** 1024 ports for a 32-bit guest: 32 words of 32 bits. */
export const EVENT_CHANNELS_2LEVEL = 1024;

/**
 * One vCPU's clock. `version` is odd while the other fields are being written.
 * ns = systemTime + (((tsc - tscTimestamp) << tscShift) * tscToSystemMul) >> 32.
 */
export const VcpuTimeInfo = struct('vcpu_time_info', 32, {
  version: [0, u32],
  pad0: [4, u32],
  tscTimestamp: [8, u64],
  systemTime: [16, u64], // ns since the domain's start
  tscToSystemMul: [24, u32],
  tscShift: [28, i8],
  flags: [29, u8],
  pad1: [30, array(u8, 2)],
});
export type VcpuTimeInfo = StructValue<typeof VcpuTimeInfo>;

export const ArchVcpuInfo = struct('arch_vcpu_info', 24, {
  cr2: [0, u32],
  pad: [4, array(u32, 5)],
});

export const VcpuInfo = struct('vcpu_info', 64, {
  evtchnUpcallPending: [0, u8],
  evtchnUpcallMask: [1, u8], // PV only: an HVM vCPU uses EFLAGS.IF
  evtchnPendingSel: [4, u32],
  arch: [8, ArchVcpuInfo],
  time: [32, VcpuTimeInfo],
});
export type VcpuInfo = StructValue<typeof VcpuInfo>;

export const ArchSharedInfo = struct('arch_shared_info', 28, {
  maxPfn: [0, u32],
  pfnToMfnFrameListList: [4, gfn],
  nmiReason: [8, u32],
  p2mCr3: [12, u32],
  p2mVaddr: [16, u32],
  p2mGeneration: [20, u32],
  wcSecHi: [24, u32],
});

/** The page that hypervisor and guest share. `wc*`: the epoch at which system time was 0. */
export const SharedInfo = struct('shared_info', 2344, {
  vcpuInfo: [0, array(VcpuInfo, LEGACY_MAX_VCPUS)],
  evtchnPending: [2048, array(u32, 32)],
  evtchnMask: [2176, array(u32, 32)],
  wcVersion: [2304, u32], // odd while wc* are being written
  wcSec: [2308, u32],
  wcNsec: [2312, u32],
  arch: [2316, ArchSharedInfo],
});

/** A member of multicall's list. */
export const MulticallEntry = struct('multicall_entry', 32, {
  op: [0, u32], // in
  result: [4, u32], // out
  args: [8, array(u32, 6)], // in
});
