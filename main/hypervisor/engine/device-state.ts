/**
 * The PC's devices as plain data: by name, each a nested list of numbers, booleans, null and byte
 * arrays, in the emulator's own order for that device.
 */
import type { V86Cpu, V86Device } from './v86-internals.ts';
import { isZero } from './zeros.ts';

/** JSON-like, and typed arrays. Blank arrays are kept as their kind and length. */
export type Saved =
  | number
  | string
  | boolean
  | null
  | Saved[]
  | { array: ArrayKind; bytes: Uint8Array }
  | { array: ArrayKind; blank: number };

export type SavedDevices = Record<string, Saved>;

const kinds = {
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Float64Array,
  Uint8ClampedArray,
} as const;
type ArrayKind = keyof typeof kinds;

/** What the machine has that can change. */
const DEVICES = ['rtc', 'dma', 'acpi', 'vga', 'ps2', 'uart0', 'fdc', 'ide', 'pci', 'pit', 'sb16'];

/** Of a device's blank arrays: the largest is the VGA's memory, 2 MiB at most. */
const BLANK_BYTES_MAX = 8 << 20;

/** Whether each device of the machine is named. */
export function hasAllDevices(devices: Record<string, unknown>): boolean {
  return ['pic', ...DEVICES].every((name) => Object.hasOwn(devices, name));
}

/** Whether data that was read has the form of a saved device; what it says is that device's affair. */
export function isSavedDevice(value: unknown): value is Saved[] {
  return Array.isArray(value) && isSaved(value, { blankBytes: BLANK_BYTES_MAX });
}

function isSaved(value: unknown, left: { blankBytes: number }): value is Saved {
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every((each) => isSaved(each, left));
  const { array, bytes, blank } = value as { array?: unknown; bytes?: unknown; blank?: unknown };
  if (typeof array !== 'string' || !Object.hasOwn(kinds, array)) return false;
  const elementBytes = kinds[array as ArrayKind].BYTES_PER_ELEMENT;
  if (bytes instanceof Uint8Array) return bytes.length % elementBytes === 0;
  if (!Number.isInteger(blank) || Number(blank) < 0) return false;
  left.blankBytes -= Number(blank) * elementBytes;
  return left.blankBytes >= 0;
}

export function saveDevices(cpu: V86Cpu): SavedDevices {
  const saved: SavedDevices = { pic: freeze(cpu.get_state_pic()) };
  for (const name of DEVICES) {
    // One that this machine does not have is named too.
    saved[name] = freeze(cpu.devices[name]?.get_state?.() ?? []);
  }
  return saved;
}

/** @param inPlace what the devices have got since they were made; the very same is not put in again */
export function restoreDevices(
  cpu: V86Cpu,
  saved: SavedDevices,
  inPlace: Map<string, Saved>,
): void {
  for (const [name, state] of Object.entries(saved)) {
    if (inPlace.get(name) === state) continue;
    inPlace.set(name, state);
    if (!Array.isArray(state)) throw new Error(`the saved state of device "${name}" is no list`);
    if (name === 'pic') cpu.set_state_pic(thaw(state) as unknown[]);
    else if (name === 'pci') restorePci(cpu, thaw(state) as unknown[]);
    else if (!DEVICES.includes(name)) throw new Error(`the machine has no device "${name}"`);
    else if (state.length > 0) cpu.devices[name]?.set_state?.(thaw(state) as unknown[]);
  }
}

/**
 * The emulator puts the port BARs of a function in place by its saved configuration space, and
 * stumbles over one that says "ports" where the function has no BAR, as the disk controller's does
 * until a guest has probed it: such a word is put in afterwards.
 */
function restorePci(cpu: V86Cpu, state: unknown[]): void {
  const { pci } = cpu.devices;
  const absent: (() => void)[] = [];
  pci.devices.forEach((device, id) => {
    const saved = state[id];
    const space = pci.device_spaces[id];
    if (!device || !space || !(saved instanceof Int32Array)) return;
    for (let bar = 0; bar < device.pci_bars.length; bar++) {
      if (device.pci_bars[bar]) continue;
      const value = saved[FIRST_BAR_WORD + bar] ?? 0;
      saved[FIRST_BAR_WORD + bar] = 0;
      absent.push(() => (space[FIRST_BAR_WORD + bar] = value));
    }
  });
  pci.set_state?.(state);
  for (const putIn of absent) putIn();
}

/** Of a configuration space. */
const FIRST_BAR_WORD = 4;

function freeze(value: unknown): Saved {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) return Array.from(value, freeze);
  const array = arrayKind(value as Uint8Array);
  if (array) return freezeArray(array, value as Uint8Array);
  const state = (value as V86Device).get_state?.();
  if (state) return freeze(state);
  throw new Error("a device's state holds what cannot be saved");
}

/**
 * The kind of a typed array, also of the emulator's stand-ins for one: proxies that look their
 * array up at each access, and give its constructor as a bound function.
 */
function arrayKind(value: Uint8Array): ArrayKind | null {
  if (typeof value.byteLength !== 'number') return null;
  const name = value.constructor.name.replace('bound ', '');
  return name in kinds ? (name as ArrayKind) : null;
}

function freezeArray(array: ArrayKind, value: Uint8Array): Saved {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isZero(bytes)) return { array, blank: value.length };
  return { array, bytes: bytes.slice() };
}

function thaw(value: Saved): unknown {
  if (value === null) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(thaw);
  const Kind = kinds[value.array];
  if ('blank' in value) return new Kind(value.blank);
  return new Kind(value.bytes.slice().buffer);
}
