/**
 * An unmodified v86 in a thread: its own WebAssembly, its own run loop, its own serial port. It
 * stands beside a Domus domain as what the same guest costs without Domus.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { V86 } from 'v86';
import { plugIn } from './v86-cable.ts';
import type { CardBus } from './v86-cable.ts';
import type { PlainV86Message, PlainV86Options, StateTimes } from './plain-v86.contract.ts';

/** What of the emulator's own interface is used here. */
interface Emulator extends CardBus {
  add_listener(event: 'serial0-output-byte', listener: (byte: number) => void): void;
  add_listener(event: 'net0-send', listener: (frame: Uint8Array) => void): void;
  add_listener(event: 'emulator-started', listener: () => void): void;
  serial_send_bytes(serial: 0, bytes: Uint8Array): void;
  run(): Promise<void>;
  stop(): Promise<void>;
  save_state(): Promise<ArrayBuffer>;
  restore_state(state: ArrayBuffer): Promise<void>;
}

const { files, memoryMiB, stateFile, diskFile, cable } = workerData as PlainV86Options;
const folder = dirname(createRequire(import.meta.url).resolve('v86/package.json'));

const bytesOf = (path: string): { buffer: ArrayBuffer } => ({
  buffer: new Uint8Array(readFileSync(path)).buffer,
});

const emulator = new (V86 as unknown as new (options: object) => Emulator)({
  wasm_path: join(folder, 'build', 'v86.wasm'),
  memory_size: memoryMiB * 2 ** 20,
  bios: bytesOf(files.bios),
  vga_bios: bytesOf(files.vgaBios),
  bzimage: bytesOf(files.kernel),
  initrd: bytesOf(files.initrd),
  cmdline: files.commandLine,
  acpi: true,
  autostart: true,
  disable_speaker: true,
  ...(stateFile === null ? {} : { initial_state: bytesOf(stateFile) }),
  ...(diskFile === null ? {} : { hda: bytesOf(diskFile) }),
  ...(cable === null ? {} : { net_device: { type: 'virtio' } }),
});
if (cable) plugIn(cable, emulator);

let pending: number[] = [];
emulator.add_listener('serial0-output-byte', (byte) => {
  if (pending.push(byte) === 1) queueMicrotask(flush);
});

function flush(): void {
  parentPort!.postMessage(Uint8Array.from(pending));
  pending = [];
}

function obey(message: PlainV86Message): void {
  switch (message.type) {
    case 'input':
      return emulator.serial_send_bytes(0, message.bytes);
    case 'pause':
      return void emulator.stop().then(() => parentPort!.postMessage('paused'));
    case 'save':
      return void emulator.save_state().then((state) => {
        writeFileSync(message.stateFile, new Uint8Array(state));
        parentPort!.postMessage('saved');
      });
    case 'time-state':
      return void timeState().then((times) => parentPort!.postMessage(times));
    case 'resume':
      return void emulator.run().then(() => parentPort!.postMessage('resumed'));
  }
}

/** It stands still meanwhile, and goes on after. */
async function timeState(): Promise<StateTimes> {
  await emulator.stop();
  const startMs = performance.now();
  const state = await emulator.save_state();
  const savedMs = performance.now();
  await emulator.restore_state(state);
  const restoredMs = performance.now();
  await emulator.run();
  return {
    saveMs: savedMs - startMs,
    restoreMs: restoredMs - savedMs,
    bytes: state.byteLength,
  };
}

let started = false;
emulator.add_listener('emulator-started', () => {
  // Messages that came before it ran wait in the port.
  if (!started) parentPort!.on('message', obey);
  started = true;
});
