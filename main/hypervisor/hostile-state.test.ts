import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DomusError } from '../../shared/errors.ts';
import { Hypercall } from './abi/index.ts';
import type { WholeDomainState } from './domain-state.ts';
import { parseDomainState } from './domain-state.ts';
import { decodeDevice, encodeDevice } from './engine/device-section.ts';
import type { Saved } from './engine/device-state.ts';
import { EmulatorPanic } from './engine/emulator-panic.ts';
import { engineSections, engineStateOf } from './engine/engine-state.ts';
import { Caller } from './testing/caller.ts';
import { Machine } from './testing/machine.ts';

const MEMORY_KIB = 8192;
const SLICES = 20;

/** What stands where something else is expected. */
const odd = fc.constantFrom<unknown>(
  ...[-1, 0, 1, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40, 1e300, -1e300, 0.5],
  ...[null, 'x', true, [], [1, 2, 3], { array: 'Uint8Array', blank: 10 }],
  ...[
    { array: 'Int32Array', blank: 0 },
    { array: 'Uint8Array', bytes: new Uint8Array(3) },
  ],
);
/** Changes of a tree, each at the place that its number chooses. */
const treeChanges = fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 3 });
const byteChanges = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 30 });

type Tree = Record<string, unknown>;

/** Every place below. */
function places(tree: unknown): [Tree, string][] {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return [];
  return Object.entries(tree).flatMap(([key, value]) => [[tree as Tree, key], ...places(value)]);
}

function change<T>(tree: T, changes: readonly [number, unknown][]): T {
  for (const [number, value] of changes) {
    const all = places(tree);
    const [at, key] = all[number % all.length]!;
    at[key] = structuredClone(value);
  }
  return tree;
}

describe('a state that its sender made up', () => {
  let sound: { engine: Record<string, Uint8Array>; hypervisor: string; memory: Uint8Array };
  let neighbour: Caller;
  let devices: string[];

  beforeAll(async () => {
    neighbour = await Caller.start({ domid: 3 });
    const { machine } = await Caller.start();
    machine.runSlices(5);
    const { engine, hypervisor } = machine.domain.save();
    sound = {
      engine: engineSections(engine),
      hypervisor: JSON.stringify(hypervisor),
      memory: machine.domain.memory.bytes.slice(),
    };
    devices = Object.keys(sound.engine).filter((name) => name.startsWith('device.'));
  });

  const bytesOf = (name: string): Uint8Array => sound.engine[name]!.slice();

  /** What such a state may do: be refused, not fit, crash its own domain, or run. */
  async function tryOut(
    sections: Record<string, Uint8Array>,
    hypervisor: unknown = JSON.parse(sound.hypervisor),
  ): Promise<void> {
    let state: WholeDomainState;
    try {
      const engine = engineStateOf(new Map(Object.entries({ ...sound.engine, ...sections })));
      state = { engine, hypervisor: parseDomainState(hypervisor) };
    } catch (error) {
      expect(error).toBeInstanceOf(DomusError);
      return;
    }
    const machine = await Machine.create({ memoryKiB: MEMORY_KIB });
    machine.domain.memory.write(0, sound.memory);
    let isFit = false;
    try {
      machine.domain.restore(state);
      isFit = true;
      machine.domain.engine.clock.thaw();
      machine.runSlices(SLICES);
    } catch (error) {
      if (isFit) expect(error).toBeInstanceOf(EmulatorPanic);
      else expect(error).toBeInstanceOf(Error);
    }
    expect(machine.framesAddUp).toBe(true);
  }

  it('of a device, of whatever form, harms at most its own domain', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), treeChanges, async (which, changes) => {
        const name = devices[which % devices.length]!;
        const state = change(decodeDevice(bytesOf(name)) as Saved, changes);
        await tryOut({ [name]: encodeDevice(state) });
      }),
      { numRuns: 40 },
    );
  });

  it('of the processor and its interrupt controllers, of any bytes, as well', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('cpu', 'apic', 'ioapic', 'clock'),
        byteChanges,
        async (name, changes) => {
          const bytes = bytesOf(name);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await tryOut({ [name]: bytes });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of the hypervisor as well', async () => {
    await fc.assert(
      fc.asyncProperty(treeChanges, async (changes) => {
        await tryOut({}, change(JSON.parse(sound.hypervisor) as Tree, changes));
      }),
      { numRuns: 40 },
    );
  });

  it('leaves its neighbours alone', () => {
    expect(neighbour.machine.framesAddUp).toBe(true);
    expect(neighbour.call(Hypercall.xenVersion, 7)).toBe(4096);
  });
});
