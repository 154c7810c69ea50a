/** I/O ports: a device registers what it decodes; widths it does not name keep their meaning. */
import type { V86Io, V86PortEntry } from './v86-internals.ts';

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
  /** What all ports without a device share. */
  private readonly empty: V86PortEntry;

  /** After the emulator's own devices have registered theirs. */
  constructor(io: V86Io) {
    this.io = io;
    this.empty = Object.freeze(io.create_empty_entry());
    this.shareEmptyEntries();
  }

  onRead(port: number, readers: PortReaders): void {
    this.makeOwn(port);
    this.io.register_read(port, this.owner(port), readers.read8, readers.read16, readers.read32);
  }

  onWrite(port: number, writers: PortWriters): void {
    this.makeOwn(port);
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

  /** The emulator makes an object for each of 65,536 ports: 5 MB of each domain's heap. */
  private shareEmptyEntries(): void {
    const { ports } = this.io;
    for (let port = 0; port < ports.length; port++) {
      const { device, read8, write8 } = ports[port]!;
      const isEmpty = !device && read8 === this.empty.read8 && write8 === this.empty.write8;
      if (isEmpty) ports[port] = this.empty;
    }
  }

  private makeOwn(port: number): void {
    if (this.io.ports[port] === this.empty) this.io.ports[port] = this.io.create_empty_entry();
  }
}
