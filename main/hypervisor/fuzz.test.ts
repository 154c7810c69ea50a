import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Hypercall } from './abi/index.ts';
import { memoryLayout } from './builder/memory-layout.ts';
import { DomainCounter } from './counters.ts';
import { EmulatorPanic } from './engine/emulator-panic.ts';
import { Caller } from './testing/caller.ts';
import { FuzzVariable, fuzzGuest } from './testing/fuzz-guest.ts';
import { Machine } from './testing/machine.ts';

const SECONDS = Number(process.env['DOMUS_FUZZ_SECONDS'] ?? 10);
const SEED = Number(process.env['DOMUS_FUZZ_SEED'] ?? Date.now() & 0x7fff_ffff);
/** A guest that does no round in so many slices has destroyed itself. */
const STUCK_SLICES = 200;
/** Of one guest, before the next seed. */
const GUEST_MS = 2500;
const TICK_MS = 1 / 4;

const digest = (machine: Machine): string =>
  createHash('sha256').update(machine.domain.memory.bytes).digest('hex');

/** Domain 0's side: takes what the guest offers, as a back end would, and answers; again and again. */
function connectBackends(machine: Machine): void {
  const { domain } = machine;
  for (const port of [1, 2, 3, 4]) {
    const backend = domain.events.connect(port, () => {
      const page = domain.memory.page(
        port & 1 ? domain.layout.xenstoreGfn : domain.layout.consoleGfn,
      );
      const ref = page[0]! | (page[1]! << 8);
      const frame = domain.grants.lookup(ref, 0);
      if (typeof frame !== 'number') domain.memory.page(frame.gfn)[0] = 0x5a;
      backend?.notify();
    });
  }
}

interface Outcome {
  rounds: number;
  hypercalls: Float64Array;
}

/** One guest with one seed, until it ends its life, destroys itself, or its time is over. */
async function fuzz(seed: number, endMs: number): Promise<Outcome> {
  const paging = seed & 2 ? 'pae' : 'two-level';
  const guest = fuzzGuest({ seed, layout: memoryLayout(8192), paging });
  const machine = await Machine.start(guest, { tickMs: TICK_MS });
  const { domain, counters } = machine;
  const size = domain.memory.bytes.length;
  let [rounds, idle, panicked] = [0, 0, false];
  while (machine.ended === null && idle < STUCK_SLICES && performance.now() < endMs) {
    connectBackends(machine);
    try {
      machine.slice();
    } catch (error) {
      // It destroyed its own interrupt table, say: the domain has crashed, and nothing else has.
      panicked = error instanceof EmulatorPanic;
      if (panicked) break;
      throw new Error(`seed ${seed}, after ${rounds} rounds: the hypervisor threw`, {
        cause: error,
      });
    }
    if (domain.engine.pendingCompilations > 0) await setImmediate();
    const now = machine.word(FuzzVariable.rounds);
    idle = now === rounds ? idle + 1 : 0;
    rounds = now;
  }
  expect(machine.framesAddUp, `seed ${seed}: frames of host and domain`).toBe(true);
  expect(domain.memory.bytes.length).toBe(size);
  expect(machine.log.length).toBeLessThanOrEqual(1000 + domain.nowMs / 10);
  if (machine.ended === null && !panicked)
    await expect(machine.restored(), `seed ${seed}: restored`).resolves.toBeDefined();
  return { rounds, hypercalls: counters.values.slice(DomainCounter.hypercalls) };
}

describe('a guest that does what no guest should', () => {
  it(
    `harms nobody but itself, for ${SECONDS} s from seed ${SEED}`,
    async () => {
      const neighbour = await Caller.start({ domid: 3 });
      const before = digest(neighbour.machine);
      const called = new Float64Array(64);
      const heapBefore = process.memoryUsage().heapUsed;
      let [rounds, guests] = [0, 0];
      const endMs = performance.now() + SECONDS * 1000;
      for (; performance.now() < endMs; guests++) {
        const seed = (SEED + guests * 7919) & 0x7fff_ffff;
        const outcome = await fuzz(seed, Math.min(endMs, performance.now() + GUEST_MS));
        rounds += outcome.rounds;
        outcome.hypercalls.forEach((count, number) => (called[number]! += count));
      }
      process.stdout.write(`fuzzing: seed ${SEED}, ${guests} guests, ${rounds} rounds\n`);
      expect(digest(neighbour.machine)).toBe(before);
      expect(neighbour.machine.framesAddUp).toBe(true);
      expect(neighbour.call(Hypercall.xenVersion, 7)).toBe(4096);
      for (const number of [12, 17, 18, 20, 21, 24, 29, 32, 34])
        expect(called[number]).toBeGreaterThan(0);
      expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 * 2 ** 20);
    },
    SECONDS * 1000 + 60_000,
  );
});
