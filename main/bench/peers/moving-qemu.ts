/**
 * A QEMU (TCG) that moves by its own live migration, into another process on the same machine. Its
 * guest is reached from outside through QEMU's user networking, whose forwarded ports belong to a
 * process: there are two sets of ports, and who asks the guest asks at both.
 */
import { join } from 'node:path';
import { freePorts } from '../measure/free-ports.ts';
import type { BootFiles, Machine } from './machine.ts';
import { Qemu } from './qemu.ts';
import { Qmp } from './qmp.ts';

/** Of the guest, as QEMU's user networking has it by default. */
export const QEMU_ADDRESS = '10.0.2.15';

export interface ForwardedPort {
  protocol: 'tcp' | 'udp';
  guestPort: number;
}

interface Place {
  /** By the number in `forwards`. */
  ports: number[];
  incoming: number;
}

export interface MovingQemuOptions {
  files: BootFiles;
  memoryMiB: number;
  mac: string;
  forwards: readonly ForwardedPort[];
  /** Of a migration, while the guest runs; QEMU sends what is left when it stands still as fast as it can. */
  bytesPerSecond: number;
  /** For sockets. */
  folder: string;
}

export class MovingQemu implements Machine {
  readonly name = 'qemu';
  private readonly options: MovingQemuOptions;
  private readonly places: readonly [Place, Place];
  private at: 0 | 1 = 0;
  private machine!: Qemu;
  private qmp!: Qmp;
  private listener: (bytes: Uint8Array) => void = () => undefined;
  private processes = 0;

  private constructor(options: MovingQemuOptions, places: readonly [Place, Place]) {
    this.options = options;
    this.places = places;
  }

  /** Boots. */
  static async start(options: MovingQemuOptions): Promise<MovingQemu> {
    const count = options.forwards.length;
    const ports = await freePorts(2 * (count + 1));
    const place = (from: number): Place => ({
      ports: ports.slice(from, from + count),
      incoming: ports[from + count]!,
    });
    const moving = new MovingQemu(options, [place(0), place(count + 1)]);
    [moving.machine, moving.qmp] = await moving.launch(moving.places[0], []);
    moving.machine.onOutput((bytes) => moving.listener(bytes));
    return moving;
  }

  get pid(): number {
    return this.machine.pid;
  }

  /** Of a forward, by its number, at both places. */
  portsOf(forward: number): number[] {
    return this.places.map(({ ports }) => ports[forward]!);
  }

  /** Where the guest is now. */
  portOf(forward: number): number {
    return this.places[this.at].ports[forward]!;
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.listener = listener;
  }

  write(bytes: Uint8Array): void {
    this.machine.write(bytes);
  }

  pause(): Promise<void> {
    return this.machine.pause();
  }

  resume(): Promise<void> {
    return this.machine.resume();
  }

  /** Starts the process that it will move into; not part of the move. */
  async prepare(): Promise<() => Promise<void>> {
    const place = this.places[1 - this.at]!;
    const [machine, qmp] = await this.launch(place, [
      '-incoming',
      `tcp:127.0.0.1:${place.incoming}`,
    ]);
    return () => this.moveInto(place, machine, qmp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.qmp[Symbol.dispose]();
    await this.machine[Symbol.asyncDispose]();
  }

  /** It runs there when this is over. */
  private async moveInto(place: Place, machine: Qemu, qmp: Qmp): Promise<void> {
    machine.onOutput((bytes) => this.listener(bytes));
    const resumed = qmp.event('RESUME');
    const completed = this.qmp.event('MIGRATION', 'completed');
    await this.qmp.run('migrate', { uri: `tcp:127.0.0.1:${place.incoming}` });
    void completed.then(
      () => (this.at = this.at === 0 ? 1 : 0),
      () => undefined,
    );
    await Promise.all([resumed, completed]);
    const source = { machine: this.machine, qmp: this.qmp };
    this.machine = machine;
    this.qmp = qmp;
    source.qmp[Symbol.dispose]();
    await source.machine[Symbol.asyncDispose]();
  }

  private async launch({ ports }: Place, more: readonly string[]): Promise<[Qemu, Qmp]> {
    const { files, memoryMiB, mac, forwards, bytesPerSecond, folder } = this.options;
    const socket = join(folder, `qmp-${++this.processes}`);
    const rules = forwards.map(
      ({ protocol, guestPort }, index) =>
        `hostfwd=${protocol}:127.0.0.1:${ports[index]}-${QEMU_ADDRESS}:${guestPort}`,
    );
    const machine = new Qemu(files, memoryMiB, [
      ...['-netdev', ['user', 'id=net', ...rules].join(',')],
      ...['-device', `virtio-net-pci,netdev=net,mac=${mac},romfile=`],
      ...['-qmp', `unix:${socket},server=on,wait=off`, ...more],
    ]);
    const qmp = await Qmp.connect(socket);
    await qmp.run('migrate-set-capabilities', {
      capabilities: [{ capability: 'events', state: true }],
    });
    await qmp.run('migrate-set-parameters', { 'max-bandwidth': bytesPerSecond });
    return [machine, qmp];
  }
}
