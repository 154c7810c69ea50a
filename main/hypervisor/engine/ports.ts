/** I/O ports: a device registers what it decodes; widths it does not name keep their meaning. */
import type { V86Io } from './v86-internals.ts';

export interface PortReaders {
  read8?: () => number;
  read16?: () => number;
  read32?: () => number;
}

export interface PortWriters {
  write8?: (value: number) => void;
  write16?: (value: number) => void;
  write32?: (value: number) => void;
}

export class Ports {
  private readonly io: V86Io;

  constructor(io: V86Io) {
    this.io = io;
  }

  onRead(port: number, readers: PortReaders): void {
    this.io.register_read(port, this.owner(port), readers.read8, readers.read16, readers.read32);
  }

  onWrite(port: number, writers: PortWriters): void {
    this.io.register_write(
      port,
      this.owner(port),
      writers.write8,
      writers.write16,
      writers.write32,
    );
  }

  /** The emulator calls a port's handlers on one object: the device that had it first. */
  private owner(port: number): object {
    return this.io.ports[port]?.device ?? this;
  }
}
