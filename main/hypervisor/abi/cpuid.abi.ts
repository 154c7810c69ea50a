/** Xen public/arch-x86/cpuid.h: the hypervisor's CPUID leaves, and the hypercall page's MSR. */

/** Base of the leaves; they would start at +0x100 only behind Viridian's. */
export const CPUID_FIRST_LEAF = 0x40000000;

/** Leaves after the base, as offsets from it. */
export const CpuidLeaf = {
  /** EAX last leaf; EBX, ECX, EDX the signature. */
  signature: 0,
  /** EAX major << 16 | minor. */
  version: 1,
  /** EAX hypercall pages; EBX their MSR; ECX feature word 1. */
  hypercallPage: 2,
  /** Sub-leaves 0 to 2: time stamp counter. */
  time: 3,
  /** EAX CpuidHvmFeature; EBX vCPU; ECX domid. */
  hvm: 4,
  /** PV only. */
  pv: 5,
} as const;
export const CPUID_MAX_NUM_LEAVES = 5;

/** "XenVMMXenVMM" in EBX, ECX, EDX. */
export const CpuidSignature = { ebx: 0x566e6558, ecx: 0x65584d4d, edx: 0x4d4d566e } as const;

/** `XEN_HVM_CPUID_*`: bits of EAX of leaf `hvm`. */
export const CpuidHvmFeature = {
  apicAccessVirt: 1 << 0,
  x2apicVirt: 1 << 1,
  iommuMappings: 1 << 2,
  vcpuIdPresent: 1 << 3,
  domidPresent: 1 << 4,
  extDestId: 1 << 5,
  upcallVector: 1 << 6,
} as const;

/** Bits of EAX of leaf `time`, sub-leaf 0 (described in the header, not named). */
export const CpuidTimeFlag = {
  tscEmulated: 1 << 0,
  hostTscReliable: 1 << 1,
  rdtscp: 1 << 2,
} as const;

/**
 * MSR, told in leaf `hypercallPage`: writing a page's guest-physical address fills that page with
 * stubs of 32 bytes, one a hypercall number.
 */
export const HYPERCALL_PAGE_MSR = 0x40000000;
export const HYPERCALL_STUB_BYTES = 32;
