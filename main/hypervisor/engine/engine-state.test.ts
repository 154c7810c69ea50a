import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileEngine } from './engine-module.ts';
import type { EngineState } from './engine.ts';
import { Engine } from './engine.ts';
import { GuestClock } from './guest-clock.ts';
import { engineSections, engineStateOf } from './engine-state.ts';

const refused = expect.objectContaining({ code: 'stream.bad-engine-state' }) as Error;

describe('a saved machine', () => {
  let state: EngineState;
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create(await compileEngine(), 2 ** 20, new GuestClock(() => 0));
    state = engine.save();
  });
  const sections = (): Map<string, Uint8Array> => new Map(Object.entries(engineSections(state)));
  const encoded = (state: unknown): Uint8Array => {
    const outline = Buffer.from(JSON.stringify(state));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(outline.length);
    return Buffer.concat([head, outline, Buffer.alloc(6)]);
  };
  const withDevice = (name: string, state: unknown): Map<string, Uint8Array> =>
    sections().set(`device.${name}`, encoded(state));

  it('is the same after the way through bytes', () => {
    const tsc = BigInt.asUintN(64, state.tsc);
    expect(engineStateOf(sections())).toEqual({ ...state, tsc });
  });

  it('is the same after the way through a machine', () => {
    engine.restore(engineStateOf(sections()));
    const again = engine.save();
    expect(again.devices).toEqual(state.devices);
    expect(again.cpu).toEqual(state.cpu);
  });

  it('holds large arrays of zeros as their length', () => {
    const lengths = Object.values(engineSections(state)).map(({ length }) => length);
    expect(lengths.reduce((sum, length) => sum + length)).toBeLessThan(512 * 1024);
  });

  it('is refused when a part is missing, cut or too long', () => {
    for (const name of sections().keys()) {
      const missing = sections();
      missing.delete(name);
      expect(() => engineStateOf(missing), name).toThrow(refused);
    }
    for (const name of ['clock', 'cpu', 'apic', 'ioapic']) {
      const whole = sections().get(name)!;
      for (const bytes of [
        whole.subarray(1),
        new Uint8Array(whole.length + 1),
        new Uint8Array(0),
      ]) {
        expect(() => engineStateOf(sections().set(name, bytes)), name).toThrow(refused);
      }
    }
    const clock = new Uint8Array(16).fill(0xff); // not a number
    expect(() => engineStateOf(sections().set('clock', clock))).toThrow(refused);
  });

  it('is refused when its devices are no devices', () => {
    const bad: unknown[] = [
      null,
      5,
      {},
      [{}],
      [{ array: 'Evil', blank: 1 }],
      [{ array: 'constructor', blank: 1 }],
      [{ array: 'Uint8Array', blank: 1e12 }],
      [{ array: 'Uint8Array', blank: -1 }],
      [{ array: 'Int32Array', bytes: { at: 0, length: 6 } }],
      [{ array: 'Uint8Array', bytes: { at: 0, length: 7 } }],
      [{ array: 'Uint8Array', bytes: { at: 7, length: 0 } }],
      [{ array: 'Uint8Array', bytes: { at: -1, length: 1 } }],
      [{ array: 'Uint8Array', bytes: { at: 0.5, length: 1 } }],
      [{ array: 'Uint8Array', bytes: { at: 0 } }],
      // Much out of little: one array many times, and many that are blank.
      Array.from({ length: 2 }, () => ({ array: 'Uint8Array', bytes: { at: 0, length: 4 } })),
      Array.from({ length: 9 }, () => ({ array: 'Uint32Array', blank: 2 ** 18 })),
    ];
    for (const device of bad) {
      expect(() => engineStateOf(withDevice('pic', device)), JSON.stringify(device)).toThrow(
        refused,
      );
    }
    for (const bytes of [[], [0xff, 1], [9, 0, 0, 0, 0x5b, 0x5d], [0xff, 0xff, 0xff, 0xff, 1]]) {
      const damaged = sections().set('device.pic', Uint8Array.from(bytes));
      expect(() => engineStateOf(damaged)).toThrow(refused);
    }
    const none = [...sections()].filter(([name]) => !name.startsWith('device.'));
    expect(() => engineStateOf(new Map(none))).toThrow(refused);
    expect(() => engine.restore(engineStateOf(withDevice('toaster', [])))).toThrow(/"toaster"/);
  });

  it('is read or refused, nothing else, for any device data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (device) => {
        try {
          engineStateOf(withDevice('pic', device));
        } catch (error) {
          expect(error).toEqual(refused);
        }
      }),
    );
  });
});
