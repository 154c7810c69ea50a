/** Xen's CPUID leaves, and the hypercall page for kernels that ask for one by MSR. */
import type { DomId } from './abi/index.ts';
import {
  CPUID_FIRST_LEAF,
  CPUID_MAX_NUM_LEAVES,
  CpuidHvmFeature,
  CpuidLeaf,
  CpuidSignature,
  CpuidTimeFlag,
  HYPERCALL_PAGE_MSR,
  HYPERCALL_STUB_BYTES,
} from './abi/index.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';
import type { Processor } from './engine/processor.ts';
import { XEN_VERSION } from './xen-version.ts';

/** The emulated TSC counts nanoseconds. */
export const TSC_KHZ = 1_000_000;

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];
const NOTHING: Leaf = [0, 0, 0, 0];

export function answerCpuid(cpu: Processor, domid: DomId): void {
  [cpu.eax, cpu.ebx, cpu.ecx, cpu.edx] = leaf((cpu.eax >>> 0) - CPUID_FIRST_LEAF, cpu.ecx, domid);
}

function leaf(offset: number, subleaf: number, domid: DomId): Leaf {
  switch (offset) {
    case CpuidLeaf.signature: {
      const { ebx, ecx, edx } = CpuidSignature;
      return [CPUID_FIRST_LEAF + CPUID_MAX_NUM_LEAVES, ebx, ecx, edx];
    }
    case CpuidLeaf.version:
      return [XEN_VERSION, 0, 0, 0];
    case CpuidLeaf.hypercallPage:
      return [1, HYPERCALL_PAGE_MSR, 0, 0];
    case CpuidLeaf.time:
      return timeLeaf(subleaf);
    case CpuidLeaf.hvm: {
      const { vcpuIdPresent, domidPresent, upcallVector } = CpuidHvmFeature;
      return [vcpuIdPresent | domidPresent | upcallVector, 0, domid, 0];
    }
    default:
      return NOTHING;
  }
}

function timeLeaf(subleaf: number): Leaf {
  if (subleaf === 0)
    return [CpuidTimeFlag.tscEmulated | CpuidTimeFlag.hostTscReliable, 0, TSC_KHZ, 0];
  if (subleaf === 1) return [0, 0, 0x8000_0000, 1];
  if (subleaf === 2) return [TSC_KHZ, 0, 0, 0];
  return NOTHING;
}

/**
 * WRMSR of the hypercall page: 128 stubs of `mov eax, number; vmcall; ret`. False when the guest
 * named another MSR, another than the first of its pages, or a frame it does not have.
 */
export function writeHypercallPage(
  cpu: Processor,
  memory: GuestMemory,
  ramFrames: number,
): boolean {
  if (cpu.ecx >>> 0 !== HYPERCALL_PAGE_MSR) return false;
  const gfn = cpu.eax >>> PAGE_SHIFT;
  if (cpu.edx !== 0 || gfn >= ramFrames || cpu.eax & (PAGE_SIZE - 1)) return false;
  const page = new Uint8Array(PAGE_SIZE);
  for (let number = 0; number * HYPERCALL_STUB_BYTES < PAGE_SIZE; number++) {
    page.set([0xb8, number, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3], number * HYPERCALL_STUB_BYTES);
  }
  memory.write(gfn * PAGE_SIZE, page);
  return true;
}

const PAGE_SHIFT = 12;
