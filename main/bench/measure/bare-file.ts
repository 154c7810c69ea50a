/** What no program that keeps a machine's memory in a file can go below. */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

export interface BareTimes {
  /** To the file, synced, and named. */
  writeMs: number;
  /** Into a WebAssembly memory that was just made. */
  readMs: number;
}

const AT_ONCE = 1 << 20;
const WASM_PAGE_BYTES = 65536;

/** Writes so many bytes, which are there, and reads them again from what the system has cached. */
export function timeBare(bytes: number, path: string): BareTimes {
  const source = freshMemory(bytes);
  for (let at = 0; at < bytes; at += 64) source[at] = at >> 6;
  const part = `${path}.part`;
  const startMs = performance.now();
  const written = openSync(part, 'w');
  inPieces(bytes, (at, length) => writeSync(written, source, at, length, at));
  fsyncSync(written);
  closeSync(written);
  renameSync(part, path);
  const writtenMs = performance.now();
  const target = freshMemory(bytes);
  const read = openSync(path, 'r');
  inPieces(bytes, (at, length) => readSync(read, target, at, length, at));
  closeSync(read);
  const readMs = performance.now() - writtenMs;
  rmSync(path);
  return { writeMs: writtenMs - startMs, readMs };
}

function freshMemory(bytes: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) });
  return new Uint8Array(memory.buffer, 0, bytes);
}

function inPieces(bytes: number, each: (at: number, length: number) => number): void {
  for (let at = 0; at < bytes;) at += each(at, Math.min(AT_ONCE, bytes - at));
}
