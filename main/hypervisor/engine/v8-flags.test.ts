import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';

/** `hot(n)` calls `called` so often: (loop (call $called) (br_if 0 (local.tee 0 (i32.sub (local.get 0) 1)))) */
const MODULE = [
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 0],
  ...[2, 7, 1, 1, 0x6d, 1, 0x66, 0, 0],
  ...[3, 2, 1, 1],
  ...[7, 7, 1, 3, 0x68, 0x6f, 0x74, 0, 1],
  ...[10, 18, 1, 16, 0, 3, 0x40, 0x10, 0, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b],
];

/**
 * What V8 tells of the code that it frees in a process that does `first`, and then has a function optimised.
 * The flags are said by their own text: Node takes types away with WebAssembly, whose code it frees too.
 */
function freedAfter(first: string): string {
  const flags = stripTypeScriptTypes(readFileSync(new URL('v8-flags.ts', import.meta.url), 'utf8'));
  const program = `${flags}
    ${first}
    const module = new WebAssembly.Module(new Uint8Array(${JSON.stringify(MODULE)}));
    let calls = 0;
    const { hot } = new WebAssembly.Instance(module, { m: { f: () => void calls++ } }).exports;
    const untilMs = performance.now() + 500;
    while (performance.now() < untilMs) {
      hot(100_000);
      await new Promise(setImmediate);
    }`;
  const traced = ['--trace-wasm-code-gc', '--stress-wasm-code-gc'];
  const words = [...traced, '--input-type=module', '--eval', program];
  return execFileSync(process.execPath, words, { encoding: 'utf8' });
}

it('V8 frees no code of WebAssembly, over which it may end the process', () => {
  expect(freedAfter('prepareV8();')).toBe('');
  expect(freedAfter('')).toMatch(/Triggering GC/);
});
