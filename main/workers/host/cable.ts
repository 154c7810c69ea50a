/** Between a switch's port and a domain's thread: one interface's frames, both ways. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { FrameOffload } from '../../../shared/ring/frame-ring.ts';
import type {
  FrameTap,
  NetworkSwitch,
  OffloadAbility,
  PortCounters,
  PortRules,
  RateLimit,
  SwitchPort,
} from '../../dom0/network/index.ts';
import { parseIpv4, parseMac, parseSubnet } from '../../dom0/network/index.ts';
import type { VifRules, VifSpec } from '../../toolstack/control/host.contract.ts';
import type { Way } from '../wires/wires.ts';
import type { DomainHandle } from './domain-handle.ts';

/** Frames of one interface before the others have their turn. */
const TURN_FRAMES = 64;
/** What a limited interface may send or get at once after a pause: so long at its rate… */
const BURST_MS = 100;
/** … but a super-frame in any case. */
const BURST_BYTES_MIN = 64 << 10;
/**
 * A guest that is slower than what comes has so many frames to come, and loses others: where thousands
 * wait, each is late by seconds.
 */
const WAITING_FRAMES_MAX = 512;
/** Whoever waits for his rate looks this often whether it has changed. */
const LOOK_AGAIN_MS = 200;
/** What waits longer for its way to a guest that moved is late for its receiver anyway. */
const AFTERWARDS_MS = 1000;

export interface CableOptions {
  spec: VifSpec;
  /** Unique on the host. */
  id: string;
  network: NetworkSwitch;
  /** Rung when there is something for whoever reads the ring `received`. */
  handle: Pick<DomainHandle, 'ring'>;
  /** What the guest takes. */
  ability: OffloadAbility;
  counters: PortCounters;
  /** To another host's stations of the network. */
  wayTo(host: string): Way | null;
  /** Its ring holds what no back end writes: it is not read any more. */
  broken(why: string): void;
}

export class Cable {
  private readonly options: CableOptions;
  private readonly port: SwitchPort;
  private readonly sent: FrameConsumer;
  private isPlugged = true;
  private isRinging = false;

  constructor(options: CableOptions) {
    const { spec, id, network, ability, counters } = options;
    this.options = options;
    this.sent = new FrameConsumer(spec.sent);
    const received = new FrameProducer(spec.received);
    this.port = network.attach({
      id,
      kind: 'guest',
      mac: required(parseMac(spec.mac), spec.mac),
      ability,
      counters,
      deliver: (frame, offload) => {
        const isTaken =
          received.waiting < WAITING_FRAMES_MAX &&
          received.write(frame.length, offload, (target) => target.set(frame));
        this.ringSoon();
        return isTaken;
      },
    });
    this.configure(spec);
    network.announce(this.port);
    void this.carry();
  }

  /** New rules, at once. */
  configure(rules: VifRules): void {
    const wasUp = this.port.linkUp;
    this.port.configure(portRules(rules));
    this.port.linkUp = rules.linkUp;
    this.sent.limit(
      rules.sendLimitBytesPerSecond === null ? null : burstOf(rules.sendLimitBytesPerSecond),
    );
    if (rules.linkUp && !wasUp) this.options.network.announce(this.port);
  }

  /** Sees what passes; null: nobody does. */
  set tap(tap: FrameTap | null) {
    this.port.tap = tap;
  }

  unplug(): void {
    this.isPlugged = false;
    this.options.network.detach(this.port);
    this.sent.nudge();
  }

  /**
   * The guest stands still, and may go on at another host: what it has sent leaves now, whatever its rate.
   * Later it would be a lie about where the guest is.
   */
  flush(): void {
    const { sendBucket } = this.port;
    this.port.sendBucket = null;
    try {
      while (this.isPlugged && this.sent.read((...frame) => this.pass(...frame)));
    } catch {
      // Told by whoever reads it next.
    } finally {
      this.port.sendBucket = sendBucket;
    }
  }

  /**
   * The guest goes on at another host, and nobody reads here any more: what lies here for it is sent after
   * it, as fast as the wire takes it.
   */
  async depart(host: string): Promise<void> {
    const { spec, network, wayTo } = this.options;
    const [way, left] = [wayTo(host), new FrameConsumer(spec.received)];
    this.unplug();
    if (!way) return;
    network.depart(this.port, way.uplink);
    const untilMs = performance.now() + AFTERWARDS_MS;
    const send = (frame: Uint8Array, offload: FrameOffload): boolean => {
      if (!way.hasRoom(frame.length)) return false;
      network.redirect(this.port, frame, offload);
      return true;
    };
    while (left.used > 0 && performance.now() < untilMs) if (!left.read(send)) await sleep(1);
  }

  private async carry(): Promise<void> {
    try {
      while (this.isPlugged) {
        await this.sent.readableOrNudged();
        if (!this.isPlugged || this.sent.closed) return;
        this.takeTurn();
        // What is beyond the guest's rate stays where it is: in the end, in the guest's own ring.
        const waitMs = this.port.sendWaitMs;
        if (waitMs > 0) await sleep(Math.min(Math.max(1, waitMs), LOOK_AGAIN_MS));
        else await setImmediate();
      }
    } catch (error) {
      this.unplug();
      this.options.broken((error as Error).message);
    }
  }

  private takeTurn(): void {
    for (let frames = 0; frames < TURN_FRAMES && this.isPlugged; frames++) {
      if (this.port.sendWaitMs > 0) break;
      if (!this.sent.read((frame, offload) => this.pass(frame, offload))) break;
    }
    // The guest's thread waits for room.
    if (this.sent.takeRefused()) this.options.handle.ring();
  }

  /** Once for all frames that come at once. */
  private ringSoon(): void {
    if (this.isRinging) return;
    this.isRinging = true;
    queueMicrotask(() => {
      this.isRinging = false;
      this.options.handle.ring();
    });
  }

  private pass(frame: Uint8Array, offload: FrameOffload): boolean {
    this.port.receive(frame, offload);
    return true;
  }
}

function portRules(rules: VifRules): PortRules {
  const { addresses, access, sendLimitBytesPerSecond, receiveLimitBytesPerSecond } = rules;
  const send = limitOf(sendLimitBytesPerSecond);
  const receive = limitOf(receiveLimitBytesPerSecond);
  return {
    addresses: addresses.map((address) => required(parseIpv4(address), address)),
    access: {
      otherwise: access.otherwise,
      rules: access.rules.map(({ action, direction, protocol, ...rule }) => ({
        action,
        direction,
        protocol,
        ...(rule.remote === null
          ? {}
          : { remote: required(parseSubnet(rule.remote), rule.remote) }),
        ...(rule.remotePorts === null ? {} : { remotePorts: rangeOf(rule.remotePorts) }),
        ...(rule.localPorts === null ? {} : { localPorts: rangeOf(rule.localPorts) }),
      })),
    },
    ...(send ? { sendLimit: send } : {}),
    ...(receive ? { receiveLimit: receive } : {}),
  };
}

function rangeOf([first, last]: [number, number]): { first: number; last: number } {
  return { first, last };
}

function limitOf(rate: number | null): RateLimit | null {
  return rate === null ? null : { rate, burst: burstOf(rate) };
}

function burstOf(rate: number): number {
  return Math.max(BURST_BYTES_MIN, Math.ceil((rate * BURST_MS) / 1000));
}

/** The toolstack has checked it. */
function required<T>(parsed: T | null, text: string): T {
  if (parsed === null) throw new RangeError(`"${text}" is no address`);
  return parsed;
}
