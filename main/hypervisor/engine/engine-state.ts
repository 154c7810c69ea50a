/** A saved machine as named byte sections, for the stream; and back, trusting none of them. */
import { DomusError } from '../../../shared/errors.ts';
import { APIC_BYTES, CPU_STATE_END, CPU_STATE_START, IOAPIC_BYTES } from './cpu-layout.ts';
import { decodeDevice, encodeDevice } from './device-section.ts';
import type { Saved, SavedDevices } from './device-state.ts';
import { hasAllDevices, isSavedDevice } from './device-state.ts';
import type { EngineState } from './engine.ts';

const CPU_BYTES = CPU_STATE_END - CPU_STATE_START;
const CLOCK_BYTES = 16;
/** 278 years: where timers still tell one millisecond from the next. */
const CLOCK_MS_MAX = 2 ** 43;
/** Sections of devices begin so. */
const DEVICE = 'device.';

export function engineSections(state: EngineState): Record<string, Uint8Array> {
  const clock = new DataView(new ArrayBuffer(CLOCK_BYTES));
  clock.setFloat64(0, state.clockMs, true);
  clock.setBigUint64(8, BigInt.asUintN(64, state.tsc), true);
  return {
    clock: new Uint8Array(clock.buffer),
    cpu: state.cpu,
    apic: state.apic,
    ioapic: state.ioapic,
    ...Object.fromEntries(Object.entries(state.devices).map(deviceSection)),
  };
}

/** @throws DomusError `stream.bad-engine-state` when a section is missing or has another size */
export function engineStateOf(sections: ReadonlyMap<string, Uint8Array>): EngineState {
  const section = (name: string, size?: number): Uint8Array => {
    const bytes = sections.get(name);
    if (!bytes || (size !== undefined && bytes.length !== size)) {
      throw new DomusError(
        'stream.bad-engine-state',
        `the saved machine has no proper part "${name}": it was made by another version`,
      );
    }
    return bytes;
  };
  const clockBytes = section('clock', CLOCK_BYTES);
  const clock = new DataView(clockBytes.buffer, clockBytes.byteOffset, clockBytes.length);
  const clockMs = clock.getFloat64(0, true);
  if (!(clockMs >= 0 && clockMs <= CLOCK_MS_MAX)) {
    throw new DomusError('stream.bad-engine-state', 'the saved machine has no proper clock');
  }
  return {
    version: 1,
    clockMs,
    tsc: clock.getBigUint64(8, true),
    cpu: section('cpu', CPU_BYTES),
    apic: section('apic', APIC_BYTES),
    ioapic: section('ioapic', IOAPIC_BYTES),
    devices: parseDevices(sections),
  };
}

/** Each device by itself: of a domain that is moved, those that did not change are not sent again. */
function deviceSection([name, state]: [string, Saved]): [string, Uint8Array] {
  return [DEVICE + name, encodeDevice(state)];
}

/** What sections were read as: of a domain that is moved, most are read long before it stops. */
const readBefore = new WeakMap<Uint8Array, Saved[]>();

function parseDevices(sections: ReadonlyMap<string, Uint8Array>): SavedDevices {
  let cause: unknown;
  try {
    const devices: SavedDevices = {};
    for (const [name, bytes] of sections) {
      if (name.startsWith(DEVICE)) devices[name.slice(DEVICE.length)] = parseDevice(bytes);
    }
    if (hasAllDevices(devices)) return devices;
  } catch (error) {
    cause = error;
  }
  throw new DomusError('stream.bad-engine-state', "the saved machine's devices cannot be read", {
    cause,
  });
}

function parseDevice(bytes: Uint8Array): Saved[] {
  const before = readBefore.get(bytes);
  if (before) return before;
  const state = decodeDevice(bytes);
  if (!isSavedDevice(state)) throw new Error('it is no list of what a device has');
  readBefore.set(bytes, state);
  return state;
}
