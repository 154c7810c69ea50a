import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBuild, compileEngine } from './engine-module.ts';
import { instrument } from './instrument.ts';
import { WasmModule } from './wasm/module.ts';

const folder = dirname(createRequire(import.meta.url).resolve('v86/package.json'));
const wasm = new Uint8Array(readFileSync(join(folder, 'build', 'v86.wasm')));

/** The same bytes with one name spelled otherwise, everywhere. */
function renamed(from: string, to: string): Uint8Array {
  return Uint8Array.from(
    Buffer.from(Buffer.from(wasm).toString('latin1').replaceAll(from, to), 'latin1'),
  );
}

describe('the emulator’s code', () => {
  it('is the pinned build, and compiles with the hooks in it', async () => {
    checkBuild(wasm);
    const names = WebAssembly.Module.exports(await compileEngine()).map((each) => each.name);
    expect(names).toEqual([
      ...WebAssembly.Module.exports(new WebAssembly.Module(wasm)).map((each) => each.name),
      'dirty_map',
      'dirty_by_linear_page',
    ]);
  });

  it('is refused as another build when a byte differs, with what to do', () => {
    const other = wasm.slice();
    other[other.length - 1]! ^= 1;
    expect(() => checkBuild(other)).toThrow(/not v86 0\.5\.462.*SHA-256 [0-9a-f]{64}.*npm ci/);
    expect(() => checkBuild(new Uint8Array(0))).toThrow(/not v86/);
  });

  it('is rewritten section by section without a change where there is none', () => {
    const encoded = new WasmModule(wasm).encode();
    expect(WebAssembly.validate(encoded)).toBe(true);
    expect(instrument(wasm).length).toBeGreaterThan(encoded.length);
  });

  it.each([
    'instr_0FA2',
    'instr_0F30',
    'call_interrupt_vector',
    'io_port_write32',
    'io_port_read32',
    'do_page_walk',
    'write8',
    'write16',
  ])('is refused when it has no %s to hook', (name) => {
    const other = renamed(name, name.replace(/.$/, '_'));
    expect(() => instrument(other)).toThrow(`no function "${name}"`);
  });
});
