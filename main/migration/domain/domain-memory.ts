/** A domain's memory as its streams tell it: RAM alone. The grant frames above it are part of the state. */
import type { Domain } from '../../hypervisor/index.ts';
import { PAGE_SIZE } from '../../hypervisor/index.ts';
import type { GuestMemorySource } from '../stream/memory-image.ts';

/** As it lies now: an emulator's memory that grows lies elsewhere afterwards. */
export function ramOf({ memory, physmap }: Domain): Uint8Array {
  return memory.bytes.subarray(0, physmap.ramFrames * PAGE_SIZE);
}

export function memoryOf(domain: Domain): GuestMemorySource {
  const { physmap } = domain;
  return { ram: ramOf(domain), isPopulated: (gfn) => physmap.isPopulated(gfn) };
}

/** Puts the frames that were written since the last call into `frames`, ascending; returns how many. */
export function takeWritten({ memory, physmap }: Domain, frames: Uint32Array): number {
  const count = memory.log.take(frames);
  const beyond = frames.subarray(0, count).findIndex((gfn) => gfn >= physmap.ramFrames);
  return beyond < 0 ? count : beyond;
}
