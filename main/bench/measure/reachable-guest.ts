/** A guest that somebody outside asks, while it does one kind of work after the other. */
import type { Addresses } from '../guest/network-work.ts';
import { setUpNetwork } from '../guest/network-work.ts';
import { GuestShell } from '../guest/guest-shell.ts';
import type { MovingWork } from '../guest/moving-work.ts';
import { PAGE, startEcho, startWork, stopWork } from '../guest/moving-work.ts';
import type { Machine } from '../peers/machine.ts';
import { MachineError } from '../peers/machine.ts';
import { Beats } from './beats.ts';
import { HttpLoad, mostPerSecond } from './http-load.ts';
import type { Outside, SeenMove } from './observed-move.ts';
import { observeMove } from './observed-move.ts';
import { Probe } from './probe.ts';

/** Of asking a web server for as much as it can. */
const MOST_TURNS = 15;
/** So many in a row that bring nothing more are the end. */
const IDLE_TURNS = 3;

/** Of 127.0.0.1. A machine that moves may have others at its new place. */
export interface OutsidePorts {
  /** At all places. */
  echo: readonly number[];
  beat(): number;
  web(): number;
}

export class ReachableGuest implements AsyncDisposable {
  readonly machine: Machine;
  readonly shell: GuestShell;
  private readonly ports: OutsidePorts;
  private readonly probe: Probe;
  private beats: Beats | null = null;
  private requestsPerSecond: number | null = null;

  private constructor(machine: Machine, shell: GuestShell, ports: OutsidePorts) {
    this.machine = machine;
    this.shell = shell;
    this.ports = ports;
    this.probe = new Probe(ports.echo);
  }

  /** It stands still afterwards, as after all of the below. */
  static async open(
    machine: Machine,
    addresses: Addresses,
    ports: OutsidePorts,
  ): Promise<ReachableGuest> {
    const shell = await GuestShell.open(machine);
    await setUpNetwork(shell, addresses);
    await startEcho(shell);
    await machine.pause();
    return new ReachableGuest(machine, shell, ports);
  }

  /**
   * What a web server answers at most, a second, while the probe asks as it does during a move. In turns,
   * until some brought nothing more: at first the guest's code is being translated.
   *
   * @param ms of a turn
   */
  async mostRequests(ms: number): Promise<number> {
    await this.machine.resume();
    this.probe.ask();
    const turns: number[] = [];
    while (
      turns.length < MOST_TURNS &&
      turns.lastIndexOf(Math.max(...turns)) >= turns.length - IDLE_TURNS
    ) {
      turns.push(await mostPerSecond(this.ports.web(), PAGE.path, PAGE.bytes, ms));
    }
    this.probe.rest();
    await this.machine.pause();
    const most = Math.max(...turns);
    if (most === 0) throw new MachineError(`${this.machine.name}: no web request is answered`);
    return most;
  }

  async begin(work: MovingWork): Promise<void> {
    await this.machine.resume();
    await startWork(this.shell, work);
    if (work === 'dirty') this.beats = new Beats(this.ports.beat());
    await this.machine.pause();
  }

  /** From the next move on, for a `web` guest. */
  ask(requestsPerSecond: number): void {
    this.requestsPerSecond = requestsPerSecond;
  }

  async observe<T>(move: () => Promise<T>): Promise<{ result: T; seen: SeenMove }> {
    await this.machine.resume();
    const observed = await observeMove(this.outside(), move);
    await this.machine.pause();
    return observed;
  }

  async end(work: MovingWork): Promise<void> {
    await this.machine.resume();
    await stopWork(this.shell, work);
    this.beats?.[Symbol.dispose]();
    this.beats = null;
    this.requestsPerSecond = null;
    await this.machine.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.beats?.[Symbol.dispose]();
    await this.probe[Symbol.asyncDispose]();
  }

  private outside(): Outside {
    const { probe, beats, ports, requestsPerSecond: perSecond } = this;
    const load =
      perSecond === null
        ? null
        : () => new HttpLoad(() => ports.web(), PAGE.path, PAGE.bytes, perSecond);
    return { name: this.machine.name, probe, beats, load };
  }
}
