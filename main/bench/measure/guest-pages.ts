/**
 * How much guest memory of a process's domains is resident: what is no overhead of theirs.
 *
 * Each domain's engine has one linear memory, one mapping of the process. In it lie the emulator's
 * own data, then the guest's memory. The mapping's resident size less the emulator's present pages
 * is the guest's; a page that was only read is the shared zero page, which is in neither.
 *
 * A spare thread has a linear memory too, for the next domain: of its guest memory nothing is
 * resident, so the domains are those with the most, and what the spare one takes is overhead.
 */
import { compileEngine, memoryLayout } from '../../hypervisor/index.ts';
import { loadEmulator } from '../../hypervisor/engine/load-v86.ts';
import { mappings, presentPages } from './process-memory.ts';

/** What generated code's bookkeeping may have added to a linear memory since its start. */
const GROWTH_KIB = 16 * 1024;
const WASM_PAGE = 65_536;

export interface GuestPages {
  /** Linear memories that were counted: one a domain. */
  domains: number;
  residentKiB: number;
}

/** Of so many domains with `memoryMiB` of maximum memory; no others may be in the process. */
export async function guestPages(
  pid: number,
  memoryMiB: number,
  domains: number,
): Promise<GuestPages> {
  const { linearKiB, base, bytes } = await linearLayout(memoryMiB);
  const found = mappings(pid).filter(
    ({ sizeKiB }) => sizeKiB >= linearKiB && sizeKiB <= linearKiB + GROWTH_KIB,
  );
  const resident = found.map(({ start, sizeKiB, residentKiB }) => {
    const tail = base + bytes;
    const before = presentPages(pid, start, base);
    const after = presentPages(pid, start + tail, sizeKiB * 1024 - tail);
    return residentKiB - (before + after) * 4;
  });
  const theirs = resident.toSorted((a, b) => b - a).slice(0, domains);
  return {
    domains: theirs.length,
    residentKiB: theirs.reduce((sum, kib) => sum + kib, 0),
  };
}

interface LinearLayout {
  linearKiB: number;
  /** Where guest memory starts and how long it is, whole pages, bytes. */
  base: number;
  bytes: number;
}

/** As an engine of this process lays it out. */
async function linearLayout(memoryMiB: number): Promise<LinearLayout> {
  const { engineBytes } = memoryLayout(memoryMiB * 1024);
  const { exports, memoryBase } = await loadEmulator(await compileEngine(), engineBytes, () => 0, {
    replaceImports: () => undefined,
    wrote: () => undefined,
  });
  const linearBytes = Math.ceil(exports.memory.buffer.byteLength / WASM_PAGE) * WASM_PAGE;
  const base = Math.floor(memoryBase / 4096) * 4096;
  return { linearKiB: linearBytes / 1024, base, bytes: engineBytes };
}
