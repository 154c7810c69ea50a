/** The networks of a host: a switch each, and the cables from it to the domains' threads. */
import { setImmediate } from 'node:timers/promises';
import { DomusError } from '../../../shared/errors.ts';
import { FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { OffloadAbility, SwitchPort } from '../../dom0/network/index.ts';
import { NetworkSwitch, parseIpv4, parseMac } from '../../dom0/network/index.ts';
import type { VifSpec } from '../../toolstack/control/host.contract.ts';
import type { DomainHandle } from './domain-handle.ts';

export class HostNetworks {
  private readonly switches = new Map<string, NetworkSwitch>();

  define(name: string, mtu: number): void {
    if (this.switches.has(name)) return;
    this.switches.set(name, new NetworkSwitch({ now: () => performance.now(), mtu }));
  }

  remove(name: string): void {
    this.switches.delete(name);
  }

  /** @throws DomusError `network.not-here` */
  plug(spec: VifSpec, domid: number, handle: DomainHandle, ability: OffloadAbility): Cable {
    const network = this.switches.get(spec.network);
    if (!network) {
      throw new DomusError('network.not-here', `this host has no network ${spec.network}`);
    }
    return new Cable(spec, `${domid}.${spec.handle}`, network, handle, ability);
  }
}

/** Frames of one interface before the others have their turn. */
const TURN_FRAMES = 64;

/** Between a switch's port and a domain's thread. */
export class Cable {
  private readonly network: NetworkSwitch;
  private readonly handle: DomainHandle;
  private readonly port: SwitchPort;
  private readonly sent: FrameConsumer;
  private isPlugged = true;
  private isRinging = false;

  constructor(
    spec: VifSpec,
    id: string,
    network: NetworkSwitch,
    handle: DomainHandle,
    ability: OffloadAbility,
  ) {
    this.network = network;
    this.handle = handle;
    this.sent = new FrameConsumer(spec.sent);
    const received = new FrameProducer(spec.received);
    this.port = network.attach({
      id,
      kind: 'guest',
      mac: required(parseMac(spec.mac), spec.mac),
      ability,
      rules: { addresses: spec.addresses.map((address) => required(parseIpv4(address), address)) },
      deliver: (frame, offload) => {
        const isTaken = received.write(frame.length, offload, (target) => target.set(frame));
        this.ringSoon();
        return isTaken;
      },
    });
    void this.carry();
  }

  unplug(): void {
    this.isPlugged = false;
    this.network.detach(this.port);
    this.sent.nudge();
  }

  private async carry(): Promise<void> {
    for (;;) {
      await this.sent.readableOrNudged();
      if (!this.isPlugged || this.sent.closed) return;
      // The guest's thread may wait for room.
      const wasCrowded = this.sent.used > this.sent.capacity / 2;
      for (let frames = 0; frames < TURN_FRAMES && this.isPlugged; frames++) {
        if (!this.sent.read((frame, offload) => this.pass(frame, offload))) break;
      }
      if (wasCrowded) this.handle.ring();
      await setImmediate();
    }
  }

  /** Once for all frames that come at once. */
  private ringSoon(): void {
    if (this.isRinging) return;
    this.isRinging = true;
    queueMicrotask(() => {
      this.isRinging = false;
      this.handle.ring();
    });
  }

  private pass(frame: Uint8Array, offload: Parameters<SwitchPort['receive']>[1]): boolean {
    this.port.receive(frame, offload);
    return true;
  }
}

/** The toolstack has checked it. */
function required<T>(parsed: T | null, text: string): T {
  if (parsed === null) throw new RangeError(`"${text}" is no address`);
  return parsed;
}
