/** Between the benchmark, the peer's process, and the peer's worker in it. */
import type { BootFiles } from './machine.ts';

export interface PlainV86Options {
  files: BootFiles;
  memoryMiB: number;
  /** A state that another instance with these options saved: it goes on from there. */
  stateFile: string | null;
  /** Its first IDE disk: the file's bytes, in memory; what is written is lost. Null: none. */
  diskFile: string | null;
  /** A virtio network card: the rings of its cable. Null: none. */
  cable: PeerCable | null;
}

/** Of `createFrameRing`. */
export interface PeerCable {
  sent: SharedArrayBuffer;
  received: SharedArrayBuffer;
}

export type PlainV86Message =
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'save'; stateFile: string }
  | { type: 'time-state' };

/** What the emulator's own `save_state` and `restore_state` take, in memory, one after the other. */
export interface StateTimes {
  saveMs: number;
  restoreMs: number;
  bytes: number;
}

/** Bytes: what the serial port printed. */
export type PlainV86Answer = Uint8Array | StateTimes | 'paused' | 'resumed' | 'saved';
