import { describe, expect, it } from 'vitest';
import { encodeU32 } from './leb128.ts';
import { WasmModule } from './module.ts';

const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
const name = (text: string): number[] => [...encodeU32(text.length), ...ascii(text)];
const vector = (items: readonly (readonly number[])[]): number[] => [
  ...encodeU32(items.length),
  ...items.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...encodeU32(content.length),
  ...content,
];
const sized = (content: readonly number[]): number[] => [...encodeU32(content.length), ...content];

const I32 = 0x7f;
const END = 0x0b;
const localGet0 = [0x20, 0];

/**
 * (import "env" "log" (func (param i32) (result i32)))   ;; 0
 * (func $doubled (param i32) (result i32) ...)           ;; 1, exported
 * (func $inner (param i32) (result i32) ...)             ;; 2, named only; has a local
 * doubled(x) = inner(x) * 2, inner(x) = x + 1
 */
function sample(
  names: readonly (readonly [number, string])[] = [[2, '_RNvNtCs1_3v863cpu5inner']],
): Uint8Array {
  const type = [0x60, ...vector([[I32]]), ...vector([[I32]])];
  const doubled = sized([0, ...localGet0, 0x10, 2, 0x41, 2, 0x6c, END]);
  const inner = sized([1, 1, I32, ...localGet0, 0x41, 1, 0x6a, END]);
  const functionNames = vector(names.map(([index, text]) => [...encodeU32(index), ...name(text)]));
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type])),
    ...section(
      2,
      vector([
        [...name('env'), ...name('log'), 0, 0],
        [...name('env'), ...name('memory'), 2, 0, 1],
      ]),
    ),
    ...section(3, vector([[0], [0]])),
    ...section(6, vector([[0x7f, 0, 0x41, 7, END]])),
    ...section(7, vector([[...name('doubled'), 0, 1]])),
    ...section(10, vector([doubled, inner])),
    ...section(0, [...name('name'), 1, ...sized(functionNames)]),
  ]);
}

async function run(
  bytes: Uint8Array<ArrayBuffer>,
  log: (value: number) => number,
): Promise<(x: number) => number> {
  return (await exportsOf(bytes, log))['doubled'] as (x: number) => number;
}

async function exportsOf(
  bytes: Uint8Array<ArrayBuffer>,
  log: (value: number) => number,
): Promise<WebAssembly.Exports> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = await WebAssembly.compile(bytes);
  const instance = await WebAssembly.instantiate(module, { env: { log, memory } });
  return instance.exports;
}

describe('a WebAssembly module', () => {
  it('is the same function before and after', async () => {
    const doubled = await run(new WasmModule(sample()).encode(), (value) => value);
    expect(doubled(20)).toBe(42);
  });

  it('has functions by the names of imports, exports and symbols', () => {
    const module = new WasmModule(sample());
    expect(['log', 'doubled', 'inner'].map((each) => module.functionIndex(each))).toEqual([
      0, 1, 2,
    ]);
  });

  it('runs what was put in front of a function, also of one with locals', async () => {
    const module = new WasmModule(sample());
    // if (log(x)) return x
    const hook = [
      ...localGet0,
      0x10,
      module.functionIndex('log'),
      0x04,
      0x40,
      ...localGet0,
      0x0f,
      END,
    ];
    module.prepend('inner', hook);
    const seen: number[] = [];
    const doubled = await run(module.encode(), (value) => (seen.push(value), Number(value > 100)));
    expect([doubled(20), doubled(200)]).toEqual([42, 400]);
    expect(seen).toEqual([20, 200]);
  });

  it('has functions around others, and more variables', async () => {
    const module = new WasmModule(sample());
    const calls = module.addGlobal('calls');
    expect(calls).toBe(1);
    // calls += 1; return inner(x) + 10, twice around
    for (let times = 0; times < 2; times++) {
      module.wrap('inner', (inner) => [
        ...[0, 0x23, calls, 0x41, 1, 0x6a, 0x24, calls],
        ...[...localGet0, 0x10, ...encodeU32(inner), 0x41, 10, 0x6a, END],
      ]);
    }
    const { doubled, calls: counter } = await exportsOf(module.encode(), (value) => value);
    expect((doubled as (x: number) => number)(20)).toBe(82);
    expect((counter as { value: number }).value).toBe(2);
    (counter as { value: number }).value = -5;
    expect((counter as { value: number }).value).toBe(-5);
    expect(() => module.wrap('log', () => [])).toThrow(/"log" is imported/);
  });

  it('grows beyond what its lengths took before', async () => {
    const module = new WasmModule(sample());
    for (let times = 0; times < 40; times++)
      module.prepend('doubled', new Array<number>(500).fill(0x01)); // nop
    const doubled = await run(module.encode(), (value) => value);
    expect(doubled(20)).toBe(42);
  });

  it('says which name it does not have, has twice, or only imports', () => {
    const twice = new WasmModule(
      sample([
        [1, '_RNvNtCs1_3cpu4same'],
        [2, '_RNvNtCs1_3mem4same'],
      ]),
    );
    expect(() => twice.functionIndex('same')).toThrow(/several functions "same"/);
    const module = new WasmModule(sample());
    expect(() => module.functionIndex('other')).toThrow(/no function "other"/);
    expect(() => module.prepend('other', [])).toThrow(/no function "other"/);
    expect(() => module.prepend('log', [])).toThrow(/"log" is imported/);
  });

  it('is refused when it is none, or cut anywhere', () => {
    expect(() => new WasmModule(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow(
      /not a WebAssembly module/,
    );
    const whole = sample();
    for (let length = 9; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      let encoded: Uint8Array<ArrayBuffer>;
      try {
        encoded = new WasmModule(cut).encode();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        continue;
      }
      // Cut between two sections: whole as far as it goes.
      expect(encoded.length).toBe(length);
    }
  });
});
