/** The log of written pages beside the truth: which of a machine's pages changed from look to look. */
import { PAGE_SIZE } from '../engine/page.ts';
import type { Machine } from './machine.ts';

export class LoggedRun {
  readonly machine: Machine;
  private readonly pages: Uint32Array;
  private before: Uint8Array;

  constructor(machine: Machine) {
    const { memory } = machine.domain;
    this.machine = machine;
    this.pages = new Uint32Array(memory.size / PAGE_SIZE);
    memory.log.start();
    this.before = memory.bytes.slice();
  }

  /** What the log says was written since the last look, and what was. */
  look(): { logged: Set<number>; changed: number[] } {
    const { memory } = this.machine.domain;
    const count = memory.log.take(this.pages);
    const result = {
      logged: new Set(this.pages.subarray(0, count)),
      changed: changed(this.before, memory.bytes),
    };
    this.before = memory.bytes.slice();
    return result;
  }

  /** Pages that changed since the last look, and are not in the log. */
  missed(): number[] {
    const { logged, changed } = this.look();
    return changed.filter((page) => !logged.has(page));
  }
}

/** Pages whose bytes are others now. */
function changed(before: Uint8Array, now: Uint8Array): number[] {
  const pages: number[] = [];
  for (let at = 0; at < now.length; at += PAGE_SIZE) {
    if (Buffer.compare(before.subarray(at, at + PAGE_SIZE), now.subarray(at, at + PAGE_SIZE)) !== 0)
      pages.push(at / PAGE_SIZE);
  }
  return pages;
}
