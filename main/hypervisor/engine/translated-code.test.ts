import { describe, expect, it } from 'vitest';
import { layWorkspace, loadTranslatedCode, saveTranslatedCode } from './translated-code.ts';

describe('the emulator’s books as bytes', () => {
  const PAGE = 4096;
  const place = { guestStart: PAGE + 100, guestBytes: 2 * PAGE };
  const memory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1 });

  it('are all that lies around the guest’s memory, and nothing else', async () => {
    const source = memory();
    const bytes = new Uint8Array(source.buffer);
    bytes.fill(1, 0, PAGE + 100);
    bytes.fill(2, PAGE + 100, 3 * PAGE + 100);
    bytes.fill(3, 3 * PAGE + 100, 3 * PAGE + 200);
    const code = await loadTranslatedCode(saveTranslatedCode(source.buffer, place, []));
    expect([...code.pages]).toEqual([0, 1, 3]);
    const target = memory();
    const laid = new Uint8Array(target.buffer);
    laid.fill(9, 2 * PAGE, 3 * PAGE);
    laid.fill(9, 5 * PAGE, 6 * PAGE);
    layWorkspace(target, place, code);
    expect(laid.subarray(0, PAGE + 100)).toEqual(bytes.subarray(0, PAGE + 100));
    expect(laid.subarray(2 * PAGE, 3 * PAGE).every((byte) => byte === 9)).toBe(true);
    expect(laid.subarray(3 * PAGE + 100)).toEqual(bytes.subarray(3 * PAGE + 100));
  });

  it('make a smaller memory grow', async () => {
    const source = memory();
    source.grow(2);
    new Uint8Array(source.buffer)[2 * 65536] = 7;
    const code = await loadTranslatedCode(saveTranslatedCode(source.buffer, place, []));
    const target = memory();
    layWorkspace(target, place, code);
    expect(new Uint8Array(target.buffer)[2 * 65536]).toBe(7);
  });

  it('that are cut off are refused', async () => {
    const saved = saveTranslatedCode(memory().buffer, place, [
      { slot: 1, code: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), machineCode: null },
    ]);
    const cut = (bytes: number): SharedArrayBuffer => {
      const part = new SharedArrayBuffer(bytes);
      new Uint8Array(part).set(new Uint8Array(saved).subarray(0, bytes));
      return part;
    };
    for (let bytes = 0; bytes < saved.byteLength; bytes++) {
      await expect(loadTranslatedCode(cut(bytes)), String(bytes)).rejects.toThrow();
    }
    await expect(loadTranslatedCode(saved)).resolves.toMatchObject({ linearBytes: 65536 });
  });
});
