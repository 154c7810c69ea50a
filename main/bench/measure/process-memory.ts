/** What of a process's memory is resident, by the operating system. Linux only. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface Mapping {
  /** First address; below 2^47, so exact. */
  start: number;
  sizeKiB: number;
  residentKiB: number;
}

/** Resident set of the whole process, KiB. */
export function residentKiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status tells no VmRSS`);
  return Number(kib);
}

export function mappings(pid: number): Mapping[] {
  return parseMappings(readFileSync(`/proc/${pid}/smaps`, 'utf8'));
}

/** The text of `/proc/PID/smaps` (Linux, Documentation/filesystems/proc.rst). */
export function parseMappings(smaps: string): Mapping[] {
  const found: Mapping[] = [];
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (head) {
      const [start, end] = [parseInt(head[1]!, 16), parseInt(head[2]!, 16)];
      found.push({ start, sizeKiB: (end - start) / 1024, residentKiB: 0 });
    }
    const resident = /^Rss:\s+(\d+) kB$/.exec(line)?.[1];
    const last = found.at(-1);
    if (resident !== undefined && last) last.residentKiB = Number(resident);
  }
  return found;
}

const PAGE_BYTES = 4096;
const ENTRY_BYTES = 8;
/** Bits 63 and 62 of an entry, in its top byte: present, swapped. */
const PRESENT_OR_SWAPPED = 0xc0;

/** Pages of `[start, start + bytes)` that are present, the shared zero page included. */
export function presentPages(pid: number, start: number, bytes: number): number {
  const entries = Buffer.alloc((bytes / PAGE_BYTES) * ENTRY_BYTES);
  const file = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    readSync(file, entries, 0, entries.length, (start / PAGE_BYTES) * ENTRY_BYTES);
  } finally {
    closeSync(file);
  }
  let present = 0;
  for (let at = ENTRY_BYTES - 1; at < entries.length; at += ENTRY_BYTES) {
    if (entries[at]! & PRESENT_OR_SWAPPED) present++;
  }
  return present;
}
