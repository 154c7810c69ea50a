/**
 * What an emulator has translated of its guest's code, taken over by another emulator whose guest
 * memory is the same: a clone runs compiled code from its first instruction, and all clones of a
 * process share one copy of it, optimised once (`docs/adr/0007-warm-clones.md`).
 *
 * The emulator's books (which page has code, from which entry points, in which slot of the function
 * table, how hot the others are) lie in its linear memory around the guest's, and are taken as they
 * are. As bytes, all numbers u32 little-endian:
 *
 *     0   guestStart, guestBytes, linearBytes, pages P, functions F
 *    20   P page numbers within the linear memory, ascending
 *         F times: slot, length, length of its machine code or 0
 *         P pages of 4096 bytes
 *         F functions, each a WebAssembly module, then the machine code that V8 made of it
 */
import { withMachineCode } from './machine-code.ts';
import { isZero } from './zeros.ts';

const PAGE_BYTES = 4096;
const WASM_PAGE_BYTES = 65536;
const HEAD_WORDS = 5;
const FUNCTION_WORDS = 3;
/** Functions that are loaded before the thread does something else. */
const LOADED_AT_ONCE = 16;

/** Where the guest's memory lies in the emulator's. */
export interface GuestPlace {
  guestStart: number;
  guestBytes: number;
}

/** One generated function as it is saved. */
export interface SavedFunction {
  slot: number;
  /** Its WebAssembly module. */
  code: Uint8Array;
  machineCode: Uint8Array | null;
}

/** One generated function, for its slot of the emulator's table. */
export interface TranslatedFunction {
  slot: number;
  /** Length of its WebAssembly. */
  bytes: number;
  module: WebAssembly.Module;
}

/** Loaded: shared by all who take it over. */
export interface TranslatedCode extends GuestPlace {
  linearBytes: number;
  /** Numbers of the pages around guest memory that are not zero. */
  pages: Uint32Array;
  /** Those pages, one after the other. */
  workspace: Uint8Array;
  functions: TranslatedFunction[];
  /** Where in those pages the map of a log of written pages lies ({@link DirtyLog}), or 0. */
  logMap: number;
}

/** What is known of translated code before it is taken. */
export interface ExpectedCode {
  /** What the emulator has. */
  linearBytes: number;
  /** Most of the functions that it will have. */
  modules: WebAssembly.Module[];
}

/** As it is at this instant: for another emulator of this process. */
export function takeTranslatedCode(
  linear: ArrayBufferLike,
  place: GuestPlace,
  functions: TranslatedFunction[],
  logMap: number,
): TranslatedCode {
  const pages = pagesInUse(linear, place);
  const workspace = new Uint8Array(new SharedArrayBuffer(pages.length * PAGE_BYTES));
  for (const [index, number] of pages.entries()) {
    workspace.set(pageOf(linear, number), index * PAGE_BYTES);
  }
  return { ...place, linearBytes: linear.byteLength, pages, workspace, functions, logMap };
}

export function saveTranslatedCode(
  linear: ArrayBufferLike,
  place: GuestPlace,
  functions: readonly SavedFunction[],
): SharedArrayBuffer {
  const pages = pagesInUse(linear, place);
  const table = functions.flatMap(({ slot, code, machineCode }) => [
    slot,
    code.length,
    machineCode?.length ?? 0,
  ]);
  const { guestStart, guestBytes } = place;
  const head = [guestStart, guestBytes, linear.byteLength, pages.length, functions.length];
  const words = Uint32Array.from([...head, ...pages, ...table]);
  const parts = [
    new Uint8Array(words.buffer),
    ...Array.from(pages, (number) => pageOf(linear, number)),
    ...functions.flatMap(({ code, machineCode }) => (machineCode ? [code, machineCode] : [code])),
  ];
  const saved = new SharedArrayBuffer(parts.reduce((sum, { length }) => sum + length, 0));
  const bytes = new Uint8Array(saved);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return saved;
}

/**
 * Makes modules of the functions, with their machine code where this V8 takes it.
 *
 * @throws RangeError when it is cut off, CompileError when one is not code
 */
export async function loadTranslatedCode(saved: SharedArrayBuffer): Promise<TranslatedCode> {
  const [guestStart, guestBytes, linearBytes, pageCount, functionCount] = new Uint32Array(
    saved,
    0,
    HEAD_WORDS,
  ) as unknown as [number, number, number, number, number];
  const pages = new Uint32Array(saved, HEAD_WORDS * 4, pageCount).slice();
  const tableAt = (HEAD_WORDS + pageCount) * 4;
  const table = new Uint32Array(saved, tableAt, functionCount * FUNCTION_WORDS);
  const workspaceAt = tableAt + table.byteLength;
  const workspaceBytes = pageCount * PAGE_BYTES;
  // Its own: what it was cut from is ten times as large, and not needed any more.
  const workspace = new Uint8Array(new SharedArrayBuffer(workspaceBytes));
  workspace.set(new Uint8Array(saved, workspaceAt, workspaceBytes));
  let at = workspaceAt + workspaceBytes;
  const take = (bytes: number): Uint8Array<ArrayBuffer> => {
    const part = new Uint8Array(saved, at, bytes).slice();
    at += bytes;
    return part;
  };
  const functions: TranslatedFunction[] = [];
  for (let entry = 0; entry < table.length; entry += FUNCTION_WORDS) {
    const [slot, bytes, machineBytes] = table.subarray(entry) as unknown as [
      number,
      number,
      number,
    ];
    const [code, machineCode] = [take(bytes), take(machineBytes)];
    const module =
      (machineBytes > 0 && withMachineCode(code, machineCode)) || (await WebAssembly.compile(code));
    functions.push({ slot, bytes, module });
    if (functions.length % LOADED_AT_ONCE === 0) await new Promise(setImmediate);
  }
  return { guestStart, guestBytes, linearBytes, pages, workspace, functions, logMap: 0 };
}

/**
 * Lays the books over those of an emulator that has not run yet.
 *
 * @throws Error when they belong to a machine with another amount of memory
 */
export function layWorkspace(
  memory: WebAssembly.Memory,
  place: GuestPlace,
  { guestStart, guestBytes, linearBytes, pages, workspace }: TranslatedCode,
): void {
  if (guestStart !== place.guestStart || guestBytes !== place.guestBytes) {
    throw new Error('the translated code belongs to a machine with another amount of memory');
  }
  growTo(memory, linearBytes);
  const linear = new Uint8Array(memory.buffer);
  let next = 0;
  for (const [first, end] of stretchesAround(linear.length, place)) {
    let page = first;
    for (; next < pages.length && pages[next]! < end; next++) {
      clear(linear, page, pages[next]!);
      page = pages[next]!;
      linear.set(workspace.subarray(next * PAGE_BYTES, (next + 1) * PAGE_BYTES), page * PAGE_BYTES);
      page++;
    }
    clear(linear, page, end);
  }
}

/** Detaches all views of it, where it is smaller. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
}

/** What is looked at at once. */
const STRETCH_BYTES = 16 * PAGE_BYTES;

/** Pages that are zero are not written: they cost no memory of the operating system's. */
function clear(linear: Uint8Array, firstPage: number, endPage: number): void {
  const end = endPage * PAGE_BYTES;
  for (let at = firstPage * PAGE_BYTES; at < end; at += STRETCH_BYTES) {
    const part = linear.subarray(at, Math.min(end, at + STRETCH_BYTES));
    if (!isZero(part)) part.fill(0);
  }
}

/** First and end of the pages before the guest's and after; one that holds both is not the guest's. */
function stretchesAround(
  linearBytes: number,
  { guestStart, guestBytes }: GuestPlace,
): [first: number, end: number][] {
  const firstAfter = Math.floor((guestStart + guestBytes) / PAGE_BYTES);
  return [
    [0, Math.ceil(guestStart / PAGE_BYTES)],
    [firstAfter, linearBytes / PAGE_BYTES],
  ];
}

function pageOf(linear: ArrayBufferLike, number: number): Uint8Array {
  return new Uint8Array(linear, number * PAGE_BYTES, PAGE_BYTES);
}

/** Those around the guest's that are not zero, ascending. */
function pagesInUse(linear: ArrayBufferLike, place: GuestPlace): Uint32Array {
  const bytes = new Uint8Array(linear);
  const found: number[] = [];
  for (const [first, end] of stretchesAround(linear.byteLength, place)) {
    for (let page = first; page < end; page++) {
      if (!isZero(bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES))) found.push(page);
    }
  }
  return Uint32Array.from(found);
}
