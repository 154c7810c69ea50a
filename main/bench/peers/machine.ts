/** A machine under measurement: whatever runs the guest, a benchmark sees a terminal and a clock. */
export interface Machine extends AsyncDisposable {
  /** For reports and errors: `domus`, `v86`, `qemu`. */
  readonly name: string;
  /** The process that runs it. */
  readonly pid: number;
  /** What the guest prints, byte for byte, in order. One listener at a time. */
  onOutput(listener: (bytes: Uint8Array) => void): void;
  /** Typed into the guest's terminal. */
  write(bytes: Uint8Array): void;
  /** The guest's processor stands still until `resume`, and uses no time of the host's. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** What every machine of one run boots: the same files, the same memory. */
export interface BootFiles {
  kernel: string;
  initrd: string;
  /** What the kernel is told in a domain, for a quiet console on the first serial port. */
  commandLine: string;
  /** Firmware for the machines that have one. */
  bios: string;
  vgaBios: string;
}

/** A machine's terminal fell silent, or its process ended: the measurement is void. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
}
