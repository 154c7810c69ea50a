/**
 * One domain on one host: its thread, its xenstore connection, its machine frames. The steps of its
 * life here are those the toolstack asks for; what the guest or its thread does by itself is told.
 */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import { RingConsumer, RingProducer, createRing } from '../../../shared/ring/byte-ring.ts';
import type { DiskStatus, XenstoreConnection, XenstoreDaemon } from '../../dom0/index.ts';
import {
  domainSkeleton,
  backendTrees,
  domainTrees,
  RelayEnd,
  REQUEST_RING_BYTES,
  RESPONSE_RING_BYTES,
} from '../../dom0/index.ts';
import { DomainCounters } from '../../hypervisor/index.ts';
import type { HostFrames } from '../../hypervisor/index.ts';
import type {
  CheckpointFigures,
  DomainSpec,
  ShutdownReason,
} from '../../toolstack/control/host.contract.ts';
import type {
  DomainCalls,
  DomainOrigin,
  StartedDomain,
  StreamEnds,
} from '../domain/domain.contract.ts';
import type { HostNetworks } from './host-networks.ts';
import { HostedDevices } from './hosted-devices.ts';
import type { LongStop, Pace, Round, RoundUnderWay, Terms } from '../../migration/index.ts';
import type { DomainHandle } from './domain-handle.ts';

const PAGE_KIB = 4;
/** Building or saving even a large domain is far below this. */
const START_TIMEOUT_MS = 120_000;

export interface HostedDomainEvents {
  shutdown(reason: ShutdownReason, detail: string): void;
  /** @param isLost its thread is gone, and not for what the guest did */
  crashed(reason: string, isLost: boolean): void;
  diskFailed(disk: string, status: DiskStatus): void;
  alive(): void;
  round(round: Round): void;
  roundUnderWay(round: RoundUnderWay): void;
  longStop(stop: LongStop): void;
  checkpoints(figures: CheckpointFigures): void;
  protectionLost(reason: string): void;
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): void;
}

export class HostedDomain {
  readonly spec: DomainSpec;
  readonly handle: DomainHandle;
  readonly devices: HostedDevices;
  private readonly store: XenstoreDaemon;
  private readonly frames: HostFrames;
  private readonly counters: DomainCounters;
  private readonly requests = createRing(REQUEST_RING_BYTES);
  private readonly responses = createRing(RESPONSE_RING_BYTES);
  private readonly relay: RelayEnd;
  /** Frames taken from the host and not yet counted by the domain itself. */
  private reserved = 0;
  /** Rejected when what is on its way could never go on here. */
  private readonly refused = Promise.withResolvers<never>();
  private started: StartedDomain | null = null;
  private connection: XenstoreConnection | null = null;
  private takenBack: Uint8Array | null = null;
  private over = false;
  private ownsCounters = false;

  constructor(
    spec: DomainSpec,
    handle: DomainHandle,
    store: XenstoreDaemon,
    frames: HostFrames,
    networks: HostNetworks,
    events: HostedDomainEvents,
  ) {
    this.spec = { ...spec };
    this.handle = handle;
    this.store = store;
    this.frames = frames;
    this.counters = new DomainCounters(spec.counters);
    handle.useDoorbell(spec.doorbell);
    this.relay = new RelayEnd(new RingConsumer(this.requests), new RingProducer(this.responses), {
      ring: () => handle.ring(),
      onFirstRequest: () => events.alive(),
      onClosed: () => void handle.call('failXenstore', {}).catch(() => undefined),
    });
    this.devices = new HostedDevices({
      spec: this.spec,
      store,
      handle,
      networks,
      log: (level, message) => events.log(level, message),
    });
    handle.on('shutdown', ({ reason, detail }) =>
      this.finish(() => events.shutdown(reason, detail)),
    );
    handle.on('crashed', ({ reason }) => this.finish(() => events.crashed(reason, false)));
    handle.on('diskFailed', ({ disk, status }) => events.diskFailed(disk, status));
    handle.on('round', (round) => events.round(round));
    handle.on('roundUnderWay', (round) => events.roundUnderWay(round));
    handle.on('longStop', (stop) => events.longStop(stop));
    handle.on('checkpoints', (figures) => events.checkpoints(figures));
    handle.on('protectionLost', ({ reason }) => events.protectionLost(reason));
    handle.on('foreseen', ({ exported }) => this.foresee(exported));
    handle.on('log', ({ level, message }) => events.log(level, message));
    void handle.exited.then((reason) => this.finish(() => events.crashed(reason, true)));
  }

  /**
   * Takes the frames.
   *
   * @throws DomusError `host.out-of-memory`
   */
  reserve(count: number, hostName: string): void {
    if (!this.frames.tryTake(count)) {
      const [need, free] = [count, this.frames.free].map((pages) => Math.ceil(pages / 256));
      throw new DomusError(
        'host.out-of-memory',
        `host ${hostName} has ${free} MiB free, domain ${this.spec.name} needs ${need} MiB: ` +
          'give it less memory, shrink other domains, or choose another host',
        { data: { host: hostName, needMiB: need, freeMiB: free } },
      );
    }
    this.reserved += count;
  }

  /** Settles when its machine is made and its content may come. */
  prepared(): Promise<void> {
    return new Promise((resolve) => {
      const off = this.handle.on('prepared', () => (off(), resolve()));
    });
  }

  /** Builds or receives it in its thread; it does not run yet and is not in xenstore. */
  async start(origin: DomainOrigin): Promise<StartedDomain> {
    const comes = origin.kind === 'link' || origin.kind === 'standby';
    const transfer = comes ? ports(origin) : [];
    const starting = this.handle.call(
      'start',
      {
        spec: this.spec,
        origin,
        xenstore: { requests: this.requests, responses: this.responses },
        frames: this.frames.buffer,
      },
      // Receiving takes as long as the guest goes on writing; a silent link ends it.
      comes ? { transfer } : { transfer, timeoutMs: START_TIMEOUT_MS },
    );
    this.refused.promise.catch(() => undefined);
    this.started = await Promise.race([starting, this.refused.promise]);
    return this.started;
  }

  /** It exists here now: it counts its own frames, and xenstore knows it. */
  settle(identity: 'new' | 'clone' | 'same', keepsDevices = false): void {
    const started = this.begun;
    this.adopt(started.frames);
    if (identity === 'new') this.introduce(started);
    else this.takeOver(started.exported, identity, keepsDevices);
    this.devices.begin();
  }

  /**
   * One that was received exists here now, and goes on: while its guest wakes xenstore takes its part
   * over. What the guest asks or sends in between waits in its rings. After a throw it must be discarded.
   */
  async arrive(): Promise<{ startedAtMs: number }> {
    this.adopt(this.begun.frames);
    await this.devices.prepared();
    const running = this.run();
    running.catch(() => undefined);
    this.settle('same');
    return running;
  }

  /** @throws DomusError `domain.gone` */
  private get begun(): StartedDomain {
    if (!this.started) throw new Error('a domain is settled after it was started');
    if (this.over) throw new DomusError('domain.gone', `domain ${this.spec.domid} was taken back`);
    return this.started;
  }

  /** What xenstore would refuse, it refuses while the domain still runs where it was. */
  private foresee(exported: Uint8Array): void {
    try {
      this.store.rehearseImport(parseExported(exported));
    } catch (error) {
      this.refused.reject(error as Error);
    }
  }

  async run(): Promise<{ startedAtMs: number }> {
    return this.handle.call('run', {});
  }

  async pause(): Promise<{ stoppedAtMs: number }> {
    return this.handle.call('pause', {}, { timeoutMs: START_TIMEOUT_MS });
  }

  /** Of a paused domain: its part of xenstore, for the stream. `goOn` undoes it. */
  private exportStore(): Uint8Array {
    this.takenBack = this.relay.takeBack(new RingConsumer(this.responses));
    return this.exported({ undelivered: this.takenBack });
  }

  /** How often it was told to go on here. */
  resumptions = 0;

  /** A domain that was paused, exported or sent goes on here. */
  async goOn(): Promise<{ startedAtMs: number }> {
    this.takeUp();
    return this.run();
  }

  /** As {@link goOn}, of one that stays paused. */
  takeUp(): void {
    this.resumptions++;
    if (this.takenBack && this.takenBack.length > 0) this.relay.send(this.takenBack);
    this.takenBack = null;
    this.adopt(this.reserved);
  }

  /** Half a conversation with xenstore is under way: a clone could not tell whose it is. */
  get conversing(): boolean {
    const flight = this.connection?.inFlight();
    return flight !== undefined && (flight.input.length > 0 || flight.output.length > 0);
  }

  /** What the domain itself counts: of one that runs elsewhere, what it will need here. */
  get countedFrames(): number {
    return this.counters.frames;
  }

  get heldFrames(): number {
    return this.ownsCounters ? this.counters.frames : this.reserved;
  }

  /**
   * Ends the thread and gives everything back. Safe to call at any time, once or more.
   *
   * @param wentTo the host on which it goes on already
   */
  async discard(wentTo?: string): Promise<void> {
    this.over = true;
    // Before its thread has ended: the domain waits for these frames.
    if (wentTo !== undefined) this.devices.depart(wentTo);
    await this.handle.terminate();
    this.release();
  }

  private release(): void {
    this.relay.stop();
    const { domid, uuid } = this.spec;
    if (this.ownsCounters || this.store.isIntroduced(domid)) {
      this.devices.forget();
      this.store.release(domid);
      const trees = [...domainTrees(domid, uuid), ...backendTrees(domid)];
      for (const tree of trees) if (this.store.exists(tree)) this.store.rm(tree);
    }
    this.frames.give(this.heldFrames);
    if (this.ownsCounters) this.counters.setFrames(0);
    this.ownsCounters = false;
    this.reserved = 0;
  }

  /** Its own end, once: the thread is gone or of no more use. */
  private finish(tell: () => void): void {
    if (this.over) return;
    this.over = true;
    void this.handle.terminate().then(() => {
      this.release();
      tell();
    });
  }

  /** Once: from then on its counters are true, and what it gives back is the host's. */
  private adopt(frames: number): void {
    if (this.ownsCounters) return;
    this.ownsCounters = true;
    this.counters.setFrames(frames);
    this.frames.give(this.reserved - frames);
    this.reserved = 0;
  }

  private introduce(started: StartedDomain): void {
    const { domid, uuid, name, memoryKiB, maxMemoryKiB } = this.spec;
    this.store.writeAll(
      domainSkeleton({
        domid,
        uuid,
        name,
        memoryKiB,
        maxMemoryKiB,
        videoRamKiB: 0,
        vcpus: 1,
        maxVcpus: 1,
        store: { port: started.storePort, gfn: started.storeGfn },
        console: { port: started.consolePort, gfn: started.consoleGfn },
        startTimeMs: Date.now(),
        bios: 'domus',
      }),
    );
    this.connect(this.store.introduce(domid, this.relay));
  }

  private takeOver(
    exported: Uint8Array | null,
    identity: 'clone' | 'same',
    keepsDevices: boolean,
  ): void {
    const state = exported && parseExported(exported);
    const { domid, uuid, name, memoryKiB, interfaces } = this.spec;
    const macs = new Map(interfaces.map(({ handle, mac }) => [handle, mac]));
    const options =
      identity === 'clone' || isOther(state, domid)
        ? { identity: { domid, uuid, name, keepsDevices, macs } }
        : {};
    this.connect(importInto(this.store, state, this.relay, options));
    if (identity === 'clone') this.setTarget(memoryKiB);
  }

  private connect(connection: XenstoreConnection): void {
    this.connection = connection;
    this.relay.start(connection);
  }

  setTarget(targetKiB: number): void {
    this.spec.memoryKiB = targetKiB;
    this.store.write(`/local/domain/${this.spec.domid}/memory/target`, String(targetKiB));
  }

  /** Whole pages, so that target and pages can agree exactly. */
  static framesOf(memoryKiB: number): number {
    return Math.floor(memoryKiB / PAGE_KIB);
  }

  rename(name: string): void {
    this.spec.name = name;
    this.store.write(`/local/domain/${this.spec.domid}/name`, name);
    this.store.write(`/vm/${this.spec.uuid}/name`, name);
  }

  askShutdown(reason: 'poweroff' | 'reboot'): void {
    this.store.write(`/local/domain/${this.spec.domid}/control/shutdown`, reason);
  }

  /** Streams the running domain over a link, until it is paused for the rest. */
  presend(
    ends: StreamEnds,
    terms: Terms,
    peer: { peerDoorbell?: SharedArrayBuffer } = {},
  ): Promise<DomainCalls['presend']['result']> {
    const { name } = this.spec;
    const params = { ...ends, name, xenstore: this.exported(), terms, ...peer };
    return this.handle.call('presend', params, { transfer: ports(ends) });
  }

  /**
   * Streams what is left of the paused domain. From here on its counters may be another host's: what
   * it holds here is remembered.
   */
  async send(): Promise<StreamSummary> {
    this.reserved = this.heldFrames;
    this.ownsCounters = false;
    this.devices.flush();
    return this.handle.call('send', { xenstore: this.exportStore() });
  }

  /** Checkpoints of the running domain over a link; answers when the standby has the first. */
  protect(ends: StreamEnds, pace: Pace, intervalMs: number): Promise<void> {
    const { port1: asked, port2: store } = new MessageChannel();
    // The domain stands still, and its thread waits for the answer.
    asked.on('message', () => {
      asked.postMessage(this.storeOfInstant());
      this.handle.ring();
    });
    const { name } = this.spec;
    const params = { ...ends, store, name, pace, intervalMs };
    return this.handle.call('protect', params, { transfer: [...ports(ends), store] });
  }

  unprotect(): Promise<void> {
    return this.handle.call('unprotect', {});
  }

  /** Of a domain that stands still for an instant: its part of xenstore, which stays as it is. */
  private storeOfInstant(): Uint8Array {
    return this.exported({ undelivered: this.relay.look(new RingConsumer(this.responses)) });
  }

  /** As streams carry it: its thread passes it on as it is. */
  private exported(options: Parameters<XenstoreDaemon['exportDomain']>[1] = {}): Uint8Array {
    return new TextEncoder().encode(
      JSON.stringify(this.store.exportDomain(this.spec.domid, options)),
    );
  }

  /** Streams the paused domain into memory. */
  async save(withCode: boolean): Promise<DomainCalls['save']['result']> {
    const xenstore = this.exportStore();
    return this.handle.call('save', { name: this.spec.name, xenstore, withCode });
  }
}

function ports({ link, code }: StreamEnds): MessagePort[] {
  return code ? [link, code] : [link];
}

/** @throws DomusError `stream.bad-domain-state` */
function parseExported(exported: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(exported));
  } catch (cause) {
    const message = 'what xenstore had of the saved domain cannot be read';
    throw new DomusError('stream.bad-domain-state', message, { cause });
  }
}

/** @throws DomusError `domain.conversing`: nobody could tell whose the conversation is */
function importInto(
  store: XenstoreDaemon,
  ...what: Parameters<XenstoreDaemon['importDomain']>
): XenstoreConnection {
  try {
    return store.importDomain(...what);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (code !== 'EBUSY') throw error;
    throw new DomusError('domain.conversing', message, { cause: error });
  }
}

/** The number that it had is another's now. */
function isOther(state: unknown, domid: number): boolean {
  return (state as { domid?: unknown } | null)?.domid !== domid;
}

interface StreamSummary {
  bytes: number;
  pages: number;
  digest: string;
}
