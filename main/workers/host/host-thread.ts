/** A host: its machine frames, its xenstore, and the domains on it. Serves `HostCalls`. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { Handlers } from '../../../shared/channel/channel.ts';
import type { MoveOptions } from '../../../shared/contract/index.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { dom0Skeleton, XenstoreDaemon, XenstoreSocketServer } from '../../dom0/index.ts';
import { HostFrames } from '../../hypervisor/index.ts';
import { LinkEnd, LinkOutlet } from '../../migration/index.ts';
import type { Terms } from '../../migration/index.ts';
import type {
  DomainSpec,
  HostCalls,
  HostEvents,
  HostWorkerData,
  ReceiveReport,
  MoveReport,
} from '../../toolstack/control/host.contract.ts';
import type { DomainOrigin, StartedDomain, StreamEnds } from '../domain/domain.contract.ts';
import { WarmThreads } from './domain-handle.ts';
import { copyOut, goOn } from './domain-copies.ts';
import { HostCaptures } from './host-captures.ts';
import { HostProtection } from './host-protection.ts';
import { HostNetworks } from './host-networks.ts';
import { HostedDomain } from './hosted-domain.ts';
import { StoreCalls } from './store-calls.ts';

const FLOW = 'migration';
/** A golden domain is saved when it is quiet: tries, and the time between them. */
const QUIET_TRIES = 40;
const QUIET_PAUSE_MS = 50;
const DOMAIN0_CPU_EVERY_MS = 1000;

type Emit = <Name extends keyof HostEvents>(name: Name, payload: HostEvents[Name]) => void;

/** One domain's way over a link. */
interface Flow {
  /** For its thread. */
  port: MessagePort;
  /** Both ends hear of it, whatever they wait for. */
  abort(reason: unknown): void;
  /** It is over, or nobody is interested any more. */
  close(): void;
}

export class HostThread {
  private readonly data: HostWorkerData;
  private readonly frames: HostFrames;
  private readonly store: XenstoreDaemon;
  private readonly domains = new Map<number, HostedDomain>();
  private readonly receiving = new Map<number, Promise<StartedDomain>>();
  private readonly sending = new Map<number, { flow: Flow; over: Promise<void> }>();
  private readonly warm: WarmThreads;
  private readonly storeCalls: StoreCalls;
  private readonly emit: Emit;

  /** All that leaves this host, of guests and of migrations. */
  private readonly outlet: LinkOutlet;
  private readonly networks: HostNetworks;
  private readonly captures: HostCaptures;
  private readonly protection: HostProtection;

  private constructor(data: HostWorkerData, store: XenstoreDaemon, emit: Emit) {
    this.data = data;
    this.emit = emit;
    this.store = store;
    this.frames = new HostFrames(data.counters);
    this.frames.give(HostedDomain.framesOf(data.memoryKiB - data.domain0KiB));
    this.warm = new WarmThreads(data.engineModule);
    const { bandwidthBytesPerSecond, latencyMs, lossPercent } = data;
    const shape = { bandwidthBytesPerSecond, latencyMs, burstBytes: 0 };
    this.outlet = new LinkOutlet(shape, lossPercent / 100);
    this.networks = new HostNetworks({
      outlet: this.outlet,
      log: (message) =>
        emit('log', { level: 'error', source: `networks ${data.name}`, message, uuid: null }),
    });
    this.storeCalls = new StoreCalls(store, (payload) => emit('xenstore.changed', payload));
    this.protection = new HostProtection({
      hostName: data.name,
      outlet: this.outlet,
      pace: this.terms().pace,
      domain: (domid) => this.domain(domid),
      add: (spec) => this.add(spec),
      orDiscard: (domain, step) => this.orDiscard(domain, step),
      discard: (domid) => this.discard(domid),
    });
    this.captures = new HostCaptures((event) => emit('capture.ended', event));
    store.writeAll(dom0Skeleton(data.domain0KiB));
    setInterval(() => this.measureDomain0(), DOMAIN0_CPU_EVERY_MS).unref();
  }

  static async start(data: HostWorkerData, emit: Emit): Promise<HostThread> {
    const store = new XenstoreDaemon({
      print: (message) =>
        emit('log', { level: 'info', source: `xenstore ${data.name}`, message, uuid: null }),
    });
    const host = new HostThread(data, store, emit);
    if (data.xenstoreSocketPath !== null)
      await XenstoreSocketServer.listen(store, data.xenstoreSocketPath);
    host.warm.prepare(null);
    return host;
  }

  readonly handlers: Handlers<HostCalls> = {
    'domain.boot': ({ spec, boot, keepsCode = false }) =>
      this.create(spec, { kind: 'boot', boot, keepsCode }, 'new', false),
    'domain.restore': ({ spec, stream, code = null, identity, paused }) =>
      this.create(spec, { kind: 'stream', stream, code, identity }, identity, paused),
    'domain.save': ({ domid, ...options }) => this.save(this.domain(domid), options),
    'domain.copyOut': ({ domid, ...how }) => copyOut(() => this.domain(domid), how),
    'domain.goOn': ({ domid, paused }) => goOn(this.domain(domid), paused),
    'domain.copyIn': ({ spec, link, code, peerDoorbell, identity, paused, frames }) =>
      this.create(
        spec,
        { kind: 'link', link, code, identity, peerDoorbell },
        identity,
        paused,
        frames,
      ),
    'domain.destroy': ({ domid }) => this.discard(domid),
    'domain.kill': ({ domid }) => this.domain(domid).handle.terminate(),
    'domain.pause': async ({ domid }) => void (await this.domain(domid).pause()),
    'domain.unpause': async ({ domid }) => void (await this.domain(domid).run()),
    'domain.askShutdown': ({ domid, reason }) => this.domain(domid).askShutdown(reason),
    'domain.setTarget': ({ domid, targetKiB }) => this.domain(domid).setTarget(targetKiB),
    'domain.rename': ({ domid, name }) => this.domain(domid).rename(name),
    'domain.plugAgent': ({ domid }) => this.domain(domid).devices.agent.plug(),
    'domain.attachDisk': ({ domid, disk }) => this.domain(domid).devices.attachDisk(disk),
    'domain.detachDisk': ({ domid, name }) => this.domain(domid).devices.detachDisk(name),
    'domain.resizeDisk': ({ domid, name, bytes }) =>
      this.domain(domid).devices.resizeDisk(name, bytes),
    'domain.retryDisks': ({ domid }) => this.domain(domid).handle.call('retryDisks', {}),
    'network.define': (spec) => this.networks.define(spec),
    'network.remove': ({ name }) => this.networks.remove(name),
    'domain.attachInterface': ({ domid, vif }) => this.domain(domid).devices.attachInterface(vif),
    'domain.detachInterface': ({ domid, handle }) =>
      this.domain(domid).devices.detachInterface(handle),
    'link.join': ({ peer, wire }) => this.networks.wires.join(peer, wire),
    'link.leave': ({ peer }) => this.networks.wires.leave(peer),
    'domain.setInterface': ({ domid, handle, rules }) =>
      this.domain(domid).devices.interface(handle).configure(rules),
    'domain.interfaceCounters': ({ domid }) => this.domain(domid).devices.interfaceCounters(),
    'capture.start': (spec) =>
      this.captures.start(spec, this.domain(spec.domid).devices.interface(spec.handle)),
    'capture.stop': ({ capture }) => this.captures.stop(capture),
    'domain.inside': ({ domid }) => this.domain(domid).handle.call('inside', {}),
    'migration.prepare': (params) => this.prepareReceive(params),
    'migration.send': ({ domid, options, ...ends }) =>
      this.beginSending(this.domain(domid), ends, this.terms(options)),
    'migration.received': ({ domid }) => this.received(domid),
    'migration.activate': async ({ domid }) => {
      const domain = this.domain(domid);
      const started = await domain.arrive();
      this.warm.prepareLater(domain.spec.maxMemoryKiB);
      return started;
    },
    'migration.resume': ({ domid }) => this.resume(this.domain(domid)),
    'migration.discard': ({ domid, wentTo }) => this.discard(domid, wentTo),
    'protection.prepare': (params) => this.protection.prepare(params),
    'protection.begin': (params) => this.protection.begin(params),
    'protection.end': ({ domid }) => this.protection.end(domid),
    'protection.takeOver': (params) => this.protection.takeOver(params),
    'protection.discard': ({ domid }) => this.protection.discard(domid),
    'xenstore.list': ({ path }) => this.storeCalls.list(path),
    'xenstore.read': ({ path }) => this.storeCalls.read(path),
    'xenstore.write': ({ path, value }) => this.storeCalls.write(path, value),
    'xenstore.remove': ({ path }) => this.storeCalls.remove(path),
    'xenstore.watch': ({ path, watch }) => this.storeCalls.watch(path, watch),
    'xenstore.unwatch': ({ watch }) => this.storeCalls.unwatch(watch),
  };

  private domain(domid: number): HostedDomain {
    const domain = this.domains.get(domid);
    if (domain) return domain;
    throw new DomusError(
      'domain.not-here',
      `domain ${domid} does not run on host ${this.data.name} any more`,
    );
  }

  private async discard(domid: number, wentTo?: string): Promise<void> {
    const domain = this.domains.get(domid);
    this.domains.delete(domid);
    await domain?.discard(wentTo);
  }

  private add(spec: DomainSpec): HostedDomain {
    const { domid, uuid, name } = spec;
    if (this.domains.has(domid)) throw new Error(`domid ${domid} is in use on ${this.data.name}`);
    const forget = (): boolean => this.domains.delete(domid);
    const domain = new HostedDomain(
      spec,
      this.warm.take(),
      this.store,
      this.frames,
      this.networks,
      {
        shutdown: (reason, detail) =>
          forget() && this.emit('domain.shutdown', { domid, uuid, reason, detail }),
        crashed: (reason, isLost) =>
          forget() && this.emit('domain.crashed', { domid, uuid, reason, isLost }),
        diskFailed: (disk, status) => this.emit('domain.diskFailed', { domid, uuid, disk, status }),
        alive: () => this.emit('domain.alive', { domid, uuid }),
        round: (round) => this.emit('migration.round', { domid, uuid, round }),
        roundUnderWay: (round) => this.emit('migration.roundUnderWay', { domid, uuid, round }),
        longStop: (stop) => this.emit('migration.longStop', { domid, uuid, stop }),
        checkpoints: (figures) => this.emit('protection.checkpoints', { domid, uuid, figures }),
        protectionLost: (reason) => this.emit('protection.lost', { domid, uuid, reason }),
        log: (level, message) => this.emit('log', { level, source: name, message, uuid }),
      },
    );
    this.domains.set(domid, domain);
    return domain;
  }

  private async create(
    spec: DomainSpec,
    origin: DomainOrigin,
    identity: 'new' | 'clone' | 'same',
    paused: boolean,
    frames: number = HostedDomain.framesOf(spec.maxMemoryKiB),
  ): Promise<void> {
    await this.orDiscard(this.add(spec), async (domain) => {
      domain.reserve(frames, this.data.name);
      const started = await domain.start(origin);
      const more = started.frames - domain.heldFrames;
      if (more > 0) domain.reserve(more, this.data.name);
      domain.devices.prepare();
      await domain.devices.prepared();
      domain.settle(identity, origin.kind === 'link');
      if (!paused) await domain.run();
    });
    this.warm.prepare(spec.maxMemoryKiB);
  }

  private async prepareReceive({
    spec,
    link,
    code,
  }: HostCalls['migration.prepare']['params']): Promise<void> {
    const flow = this.attachFlow(link, spec.doorbell);
    await this.orDiscard(this.add(spec), async (domain) => {
      domain.reserve(domain.countedFrames, this.data.name);
      const received = domain.start({ kind: 'link', link: flow.port, code });
      // With the link this end goes, and with it the other; of a failure that hears before.
      received.then(flow.close, noop); // told by `migration.received`
      void domain.handle.exited.then(flow.close);
      this.receiving.set(spec.domid, received);
      await Promise.race([domain.prepared(), received]);
    });
  }

  private beginSending(
    domain: HostedDomain,
    { link, code }: StreamEnds,
    terms: Terms,
  ): Promise<MoveReport> {
    const flow = this.attachFlow(link, domain.spec.doorbell);
    const report = this.send(domain, flow, code, terms);
    const over = report.then(noop, noop).finally(() => this.sending.delete(domain.spec.domid));
    this.sending.set(domain.spec.domid, { flow, over });
    return report;
  }

  /** Answers when nothing of the sending is under way any more, wherever it was. */
  private async resume(domain: HostedDomain): Promise<void> {
    const sending = this.sending.get(domain.spec.domid);
    // Its thread may wait for the link, and hear of nothing else.
    sending?.flow.abort(undone());
    await domain.goOn();
    await sending?.over;
  }

  private async send(
    domain: HostedDomain,
    flow: Flow,
    code: MessagePort | undefined,
    terms: Terms,
  ): Promise<MoveReport> {
    const { resumptions } = domain;
    try {
      const live = await domain.presend({ link: flow.port, code }, terms);
      if (domain.resumptions !== resumptions) throw undone();
      return { ...(await domain.send()), ...live };
    } catch (error) {
      // Also where its thread never got it. Whoever hears first hears this.
      flow.abort(error);
      // Nobody can have begun to run it elsewhere: nobody has the whole of it.
      await domain.goOn().catch(() => undefined);
      throw error;
    }
  }

  private async received(domid: number): Promise<ReceiveReport> {
    const started = await this.receiving.get(domid);
    this.receiving.delete(domid);
    if (!started) throw new Error(`domain ${domid} is not being received`);
    const domain = this.domain(domid);
    // Waited for by its arrival: meanwhile the move is committed.
    domain.devices.prepare();
    const more = started.frames - domain.heldFrames;
    if (more > 0) domain.reserve(more, this.data.name);
    const { bytes, pages, digest } = started;
    return { bytes, pages, digest };
  }

  private async save(
    domain: HostedDomain,
    { thenDestroy, withCode = false }: Omit<HostCalls['domain.save']['params'], 'domid'>,
  ): Promise<HostCalls['domain.save']['result']> {
    let { stoppedAtMs } = await domain.pause();
    for (let tries = 0; domain.conversing && tries < QUIET_TRIES; tries++) {
      await domain.goOn();
      await new Promise((resolve) => setTimeout(resolve, QUIET_PAUSE_MS));
      ({ stoppedAtMs } = await domain.pause());
    }
    const { stream, code, ...report } = await domain.save(withCode);
    if (thenDestroy) {
      this.domains.delete(domain.spec.domid);
      await domain.discard();
    } else {
      await domain.goOn();
    }
    return { stream, code, report: { ...report, stoppedAtMs } };
  }

  /** A step of a domain's beginning; when it fails nothing of the domain stays. */
  private async orDiscard(
    domain: HostedDomain,
    step: (domain: HostedDomain) => Promise<void>,
  ): Promise<void> {
    try {
      await step(domain);
    } catch (error) {
      this.domains.delete(domain.spec.domid);
      await domain.discard();
      throw error;
    }
  }

  /** This host's end of a link to another, with one flow: the flow's port is for a domain's thread. */
  private attachFlow(wire: MessagePort, doorbell: SharedArrayBuffer): Flow {
    const end = new LinkEnd(wire, { peerName: 'the other host', outlet: this.outlet });
    const { port1, port2 } = new MessageChannel();
    end.attach(FLOW, port1, new Doorbell(doorbell));
    return {
      port: port2,
      abort: (reason) => end.abort(FLOW, reason),
      close: () => end.close(),
    };
  }

  /** Guests' frames go before it on the link in any case (`LinkOutlet`). */
  private terms(options: MoveOptions = {}): Terms {
    const { minRateBytesPerSecond, maxRateBytesPerSecond } = options;
    const linkRate = this.data.bandwidthBytesPerSecond;
    const most = Math.min(linkRate, maxRateBytesPerSecond ?? Infinity);
    return {
      pace: { least: Math.min(most, minRateBytesPerSecond ?? most / 2), most },
      linkRate,
      autoConverge: options.autoConverge ?? false,
      maxDowntimeMs: options.maxDowntimeMs ?? null,
      allowLongerStop: options.allowLongerStop ?? false,
    };
  }

  private measureDomain0(): void {
    const { user, system } = process.threadCpuUsage();
    this.frames.domain0CpuTimeMs = (user + system) / 1000;
  }
}

function undone(): DomusError {
  return new DomusError('migration.undone', 'the move was taken back: the domain goes on here');
}

function noop(): void {}
