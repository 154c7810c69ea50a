/** Domain 0's services inside a domain's thread: xenstore's ring and the PV consoles. */
import {
  ConsoleBackend,
  relayPeer,
  XenstoreRing,
  XsFeature,
  XsRingError,
} from '../../dom0/index.ts';
import type { BackendPort, Domain } from '../../hypervisor/index.ts';
import { DomainCounter, DomId, HvmParam, ReservedGrant } from '../../hypervisor/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { ConsoleRings, DomainSpec } from '../../toolstack/control/host.contract.ts';
import type { XenstoreRings } from './domain.contract.ts';

/** How long a guest that spins for room in its console is held back at once. */
const ROOM_WAIT_MS = 2;
/** How long a guest that has ended waits for the console worker to take what it printed. */
const LAST_WORDS_MS = 1000;
const DOMAIN_0 = DomId(0);
/** No reconnection: nothing here ever asks a guest for one, and it needs none of its own. */
const XENSTORE_FEATURES = XsFeature.error | XsFeature.watchDepth;

interface ConsoleSides {
  output: RingProducer;
  input: RingConsumer;
}

function sidesOf({ output, input }: ConsoleRings): ConsoleSides {
  return { output: new RingProducer(output), input: new RingConsumer(input) };
}

type Log = (level: 'info' | 'warning', message: string) => void;

export class DomainDevices {
  private readonly domain: Domain;
  private readonly log: Log;
  private readonly spec: DomainSpec;
  private console!: ConsoleBackend;
  private consoleSides!: ConsoleSides;
  private agentSides!: ConsoleSides;
  private agent: ConsoleBackend | null = null;
  private readonly store: XenstoreRing;
  private storePort!: BackendPort;
  /**
   * A console has something to do: its guest said so, or the console worker has not taken all output
   * yet. It is done after the slice, for all that the guest said until then: Linux notifies for each
   * half of a line.
   */
  private consolesDue = false;
  private storeBroken = false;

  /** Nothing of the domain need be there yet: {@link begin} follows when it is. */
  constructor(domain: Domain, spec: DomainSpec, rings: XenstoreRings, log: Log) {
    this.domain = domain;
    this.log = log;
    this.spec = spec;
    const requests = new RingProducer(rings.requests);
    const responses = new RingConsumer(rings.responses);
    const { xenstoreGfn } = domain.layout;
    this.store = new XenstoreRing(
      () => domain.memory.ownPage(xenstoreGfn),
      relayPeer(requests, responses),
      XENSTORE_FEATURES,
    );
  }

  /** Binds to the channels that the domain's builder, or its saved state, left for domain 0. */
  begin(): void {
    const { domain, spec } = this;
    // Of one that comes from elsewhere these were in use there until now: an end knows where it is.
    this.consoleSides = sidesOf(spec.console);
    this.agentSides = sidesOf(spec.agent);
    this.console = this.consoleBackend(this.consoleSides, 'console', () =>
      domain.memory.ownPage(domain.layout.consoleGfn),
    );
    this.console.attach(
      this.bind(HvmParam.consoleEvtchn, () => {
        this.consolesDue = true;
      }),
    );
    this.storePort = this.bind(HvmParam.storeEvtchn, () => this.serviceStore());
  }

  /** A new guest finds its xenstore page empty, with our features. */
  reset(): void {
    this.store.reset();
  }

  /** Moves everything that can be moved; after a ring of the doorbell. */
  service(): void {
    this.serviceStore();
    this.serviceConsoles();
  }

  /** After a slice. True while output waits for the console worker. */
  afterSlice(): boolean {
    if (this.consolesDue) this.serviceConsoles();
    return this.consolesDue;
  }

  /** The guest spins for room: serve it, and wait a little for the console worker. */
  yield(): void {
    this.service();
    if (this.consolesDue) {
      this.console.waitForRoom(ROOM_WAIT_MS);
      this.serviceConsoles();
    }
  }

  /** The guest does nothing any more: its last words are brought out, if somebody takes them. */
  finish(): void {
    const endMs = performance.now() + LAST_WORDS_MS;
    this.serviceConsoles();
    while (this.consolesDue && performance.now() < endMs) this.yield();
  }

  /** @throws DomusError `console.bad-front-end` when the guest named no such ring or port */
  connectAgent(ringRef: number, port: number): void {
    this.disconnectAgent();
    const page = (): Uint8Array | null => {
      const frame = this.domain.grants.lookup(ringRef, DOMAIN_0);
      return typeof frame === 'number' || frame.readOnly
        ? null
        : this.domain.memory.ownPage(frame.gfn);
    };
    const bound = this.domain.events.connect(port, () => {
      this.consolesDue = true;
    });
    if (ringRef < ReservedGrant.xenstore || !page() || !bound) {
      bound?.close();
      throw new DomusError(
        'console.bad-front-end',
        `the guest offered a console whose ring (${ringRef}) or port (${port}) it does not have`,
      );
    }
    this.agent = this.consoleBackend(this.agentSides, 'agent console', page);
    this.agent.attach(bound);
    this.agent.service();
  }

  /** This thread's sides of the rings of both consoles, by name, as long as it lives. */
  get rings(): Record<string, RingProducer | RingConsumer> {
    const { consoleSides: console, agentSides: agent } = this;
    return {
      consoleOutput: console.output,
      consoleInput: console.input,
      agentOutput: agent.output,
      agentInput: agent.input,
    };
  }

  disconnectAgent(): void {
    this.agent?.detach();
    this.agent = null;
  }

  /** The daemon ended the connection: the guest can read why in its ring. */
  failStore(): void {
    this.store.fail(XsRingError.proto);
    this.storePort.notify();
    this.storeBroken = true;
    this.fault('xenstore connection');
  }

  private serviceConsoles(): void {
    const consoleWaits = this.console.service();
    const agentWaits = this.agent?.service() ?? false;
    this.consolesDue = consoleWaits || agentWaits;
  }

  private serviceStore(): void {
    const { notify, state } = this.store.service();
    if (notify) this.storePort.notify();
    if (state === 'broken' && !this.storeBroken) {
      this.storeBroken = true;
      this.fault('xenstore ring');
    }
  }

  private consoleBackend(
    sides: ConsoleSides,
    name: string,
    page: () => Uint8Array | null,
  ): ConsoleBackend {
    const { values } = this.domain.counters;
    return new ConsoleBackend({
      page,
      ...sides,
      count: (out, into) => {
        values[DomainCounter.consoleBytesOut]! += out;
        values[DomainCounter.consoleBytesIn]! += into;
      },
      onBroken: () => this.fault(name),
    });
  }

  private bind(param: HvmParam, onNotify: () => void): BackendPort {
    const port = Number(this.domain.params.get(param));
    const bound = this.domain.events.connect(port, onNotify);
    if (bound) return bound;
    throw new DomusError('stream.bad-domain-state', `the domain has no channel for its ${param}`);
  }

  private fault(device: string): void {
    this.domain.counters.values[DomainCounter.guestFaults]! += 1;
    this.log(
      'warning',
      `the guest broke its ${device}: impossible indices; it is not served any more`,
    );
  }
}
