/** The life of a domain's thread: started, running or paused, sent away, ended. */
import { randomBytes } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { getHeapStatistics } from 'node:v8';
import { receiveMessageOnPort } from 'node:worker_threads';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import { Channel } from '../../../shared/channel/channel.ts';
import { DomusError } from '../../../shared/errors.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import {
  Domain,
  DomainCounter,
  DomainCounters,
  DomainStopped,
  EmulatorPanic,
  HostFrames,
  HvmParam,
  makeMachine,
} from '../../hypervisor/index.ts';
import type { BareMachine, ShutdownReason as ReasonNumber } from '../../hypervisor/index.ts';
import { sendDomain, StreamWriter } from '../../migration/index.ts';
import type { DomainSpec, ShutdownReason } from '../../toolstack/control/host.contract.ts';
import type {
  DomainCalls,
  DomainEvents,
  DomainWorkerData,
  StartDomain,
  StartedDomain,
  XenstoreRings,
} from './domain.contract.ts';
import { DomainDisks } from './domain-disks.ts';
import { DomainInterfaces } from './domain-interfaces.ts';
import { codeBeside } from './code-beside.ts';
import { DomainDevices } from './domain-devices.ts';
import { DomainOutput } from './held-output.ts';
import { domainInside } from './inside.ts';
import { materialise } from './materialise.ts';
import { Protection } from './protection.ts';
import { eventLoopTurn, RunLoop } from './run-loop.ts';
import { Sending } from './sending.ts';
import { summaryOf } from './stream-ends.ts';

const NOT_STARTED = 'this thread has no domain yet';

interface Life {
  domain: Domain;
  devices: DomainDevices;
  disks: DomainDisks;
  interfaces: DomainInterfaces;
  loop: RunLoop;
  doorbell: Doorbell;
}

export class DomainThread {
  private readonly control: MessagePort;
  private readonly engineModule: WebAssembly.Module;
  private readonly channel: Channel<
    Record<never, never>,
    Record<never, never>,
    DomainCalls,
    DomainEvents
  >;
  private machine: BareMachine | null = null;
  private sending: Sending | null = null;
  private protection: Protection | null = null;
  /** Of a standby: what it had said and asked for goes on, once it runs. */
  private resume: (() => void) | null = null;
  private life: Life | null = null;
  private onPaused: (() => void) | null = null;

  constructor({ control, engineModule }: DomainWorkerData) {
    this.control = control;
    this.engineModule = engineModule;
    const outlet = {
      post: (message: ChannelMessage, transfer: readonly object[]) =>
        control.postMessage(message, transfer as MessagePort[]),
    };
    this.channel = new Channel<
      Record<never, never>,
      Record<never, never>,
      DomainCalls,
      DomainEvents
    >(outlet, 'the host', {
      start: (params) => this.start(params),
      run: () => this.run(),
      pause: () => this.pause(),
      presend: (params) => this.presend(params),
      send: ({ xenstore }) => this.send(xenstore),
      protect: (params) => this.protect(params),
      unprotect: () => this.unprotect(),
      save: (params) => this.save(params),
      connectAgent: ({ ringRef, port }) => this.alive.devices.connectAgent(ringRef, port),
      disconnectAgent: () => this.alive.devices.disconnectAgent(),
      addDisk: (disk) => this.alive.disks.add(disk),
      connectDisk: ({ name, rings }) => this.alive.disks.connect(name, rings),
      disconnectDisk: ({ name }) => this.alive.disks.disconnect(name),
      removeDisk: ({ name }) => this.alive.disks.remove(name),
      resizeDisk: ({ name, bytes }) => this.alive.disks.resize(name, bytes),
      retryDisks: () => this.alive.disks.retry(),
      addInterface: (vif) => this.alive.interfaces.add(vif),
      connectInterface: ({ handle, rings }) => this.alive.interfaces.connect(handle, rings),
      disconnectInterface: ({ handle }) => this.alive.interfaces.disconnect(handle),
      removeInterface: ({ handle }) => this.alive.interfaces.remove(handle),
      failXenstore: () => this.alive.devices.failStore(),
      inside: () => domainInside(this.alive.domain),
    });
  }

  /** Ahead of `start`, which makes another where its domain is of another size. */
  async makeMachine(memoryKiB: number): Promise<void> {
    this.machine = await makeMachine(this.engineModule, memoryKiB, () => performance.now());
  }

  /** With an event loop: before `run`, and while paused. */
  listen(): void {
    this.control.on('message', this.deliver);
  }

  private readonly deliver = (message: ChannelMessage): void => this.channel.deliver(message);

  private get alive(): Life {
    if (!this.life) throw new DomusError('domain.not-started', NOT_STARTED);
    return this.life;
  }

  private async start({ spec, origin, xenstore, frames }: StartDomain): Promise<StartedDomain> {
    if (this.machine?.memoryKiB !== spec.maxMemoryKiB) await this.makeMachine(spec.maxMemoryKiB);
    const domain = new Domain({
      domid: spec.domid,
      uuid: spec.uuid,
      machine: this.machine!,
      frames: new HostFrames(frames),
      counters: new DomainCounters(spec.counters),
      keepsCode: origin.kind === 'boot' && origin.keepsCode,
      host: {
        onShutdown: (reason, detail) => this.onShutdown(reason, detail),
        onYield: () => this.life?.devices.yield(),
        log: (level, message) => this.channel.emit('log', { level, message }),
      },
    });
    const doorbell = new Doorbell(spec.doorbell);
    // Whatever can be there before the domain comes is: one that is received stands still meanwhile.
    const life = this.livingThings(domain, doorbell, spec, xenstore);
    const { devices } = life;
    this.channel.emit('prepared', {});
    const { beside, ...received } = materialise(domain, origin, doorbell, (exported) =>
      this.channel.emit('foreseen', { exported }),
    );
    devices.begin();
    if (origin.kind === 'standby') {
      const { disks } = life;
      this.resume = () => DomainOutput.resume({ consoles: devices.rings, disks }, beside);
    }
    if (origin.kind === 'boot') devices.reset();
    if ('identity' in origin && origin.identity === 'clone') {
      domain.setGenerationId(randomBytes(16));
    }
    this.life = life;
    this.account(domain);
    return {
      storePort: Number(domain.params.get(HvmParam.storeEvtchn)),
      storeGfn: domain.layout.xenstoreGfn,
      consolePort: Number(domain.params.get(HvmParam.consoleEvtchn)),
      consoleGfn: domain.layout.consoleGfn,
      frames: domain.physmap.populatedFrames,
      ...received,
    };
  }

  private livingThings(
    domain: Domain,
    doorbell: Doorbell,
    spec: DomainSpec,
    xenstore: XenstoreRings,
  ): Life {
    const warn = (message: string): void => this.channel.emit('log', { level: 'warning', message });
    const devices = new DomainDevices(domain, spec, xenstore, (level, message) =>
      this.channel.emit('log', { level, message }),
    );
    const disks = new DomainDisks(domain, {
      log: warn,
      failed: (disk, status) => this.channel.emit('diskFailed', { disk, status }),
    });
    const interfaces = new DomainInterfaces(domain, warn);
    const loop = new RunLoop({
      domain,
      doorbell,
      slackMs: spec.timerSlackMs,
      drain: () => this.drain(),
      afterSlice: () => {
        interfaces.afterSlice();
        return devices.afterSlice();
      },
      expectsAnswer: () => disks.areBusy,
      besides: () =>
        Math.min(
          this.sending?.step() ?? Number.POSITIVE_INFINITY,
          this.protection?.step() ?? Number.POSITIVE_INFINITY,
        ),
      account: () => this.account(domain),
    });
    return { domain, devices, disks, interfaces, loop, doorbell };
  }

  private run(): { startedAtMs: number } {
    const { domain, loop } = this.alive;
    this.sending?.abandon();
    this.sending = null;
    if (loop.isRunning) return { startedAtMs: siteNow() };
    this.resume?.();
    this.resume = null;
    domain.setWallClock(Date.now());
    this.control.off('message', this.deliver);
    // The answer leaves from a microtask before the loop's first await ends.
    void this.live(loop);
    return { startedAtMs: siteNow() };
  }

  /** The loop's whole life, and what its end means. */
  private async live(loop: RunLoop): Promise<void> {
    await Promise.resolve();
    try {
      await loop.run();
      this.listen();
      this.onPaused?.();
      this.onPaused = null;
    } catch (error) {
      // The host ends the thread. Else it could see that the thread is gone before it hears why.
      this.control.ref();
      if (error instanceof DomainStopped) return;
      this.protection?.guestEnded();
      this.alive.devices.finish();
      this.channel.emit('crashed', { reason: crashReason(this.alive.domain, error) });
    }
  }

  private drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.control) as
        { message: ChannelMessage } | undefined;
      if (!received) break;
      this.channel.deliver(received.message);
    }
    this.life?.devices.service();
    this.life?.disks.service();
    this.life?.interfaces.service();
  }

  /** What the thread itself uses, for whoever watches the process's budget. */
  private account({ counters, engine }: Domain): void {
    counters.values[DomainCounter.heapBytes] = getHeapStatistics().used_heap_size;
    counters.values[DomainCounter.generatedCodeBytes] = engine.generatedCodeBytes;
  }

  private async pause(): Promise<{ stoppedAtMs: number; frames: number }> {
    const { domain, loop } = this.alive;
    if (loop.isRunning) {
      const paused = new Promise<void>((resolve) => (this.onPaused = resolve));
      loop.stop();
      await paused;
    }
    return { stoppedAtMs: siteNow(), frames: domain.physmap.populatedFrames };
  }

  private presend(
    params: DomainCalls['presend']['params'],
  ): Promise<DomainCalls['presend']['result']> {
    const sending = new Sending(this.alive, params, {
      onRound: (round) => this.channel.emit('round', round),
      onProgress: (round) => this.channel.emit('roundUnderWay', round),
      onLongStop: (stop) => this.channel.emit('longStop', stop),
    });
    this.sending = sending;
    return sending.untilStopped(() => this.pause());
  }

  private async send(xenstore: Uint8Array): Promise<DomainCalls['send']['result']> {
    if (!this.sending) throw new Error('what was not begun to be sent cannot be ended');
    const report = await this.sending.end(xenstore);
    this.sending = null;
    return report;
  }

  private protect({ link, store, code, ...more }: DomainCalls['protect']['params']): Promise<void> {
    const { domain, devices, disks, interfaces, doorbell, loop } = this.alive;
    if (this.protection || this.sending || !loop.isRunning) {
      throw new DomusError(
        'domain.cannot-protect',
        'only a running domain that stays is protected',
      );
    }
    this.protection = new Protection({
      domain,
      doorbell,
      link,
      store,
      ...more,
      output: new DomainOutput({
        consoles: devices.rings,
        disks,
        frames: () => interfaces.sent,
      }),
      ...codeBeside(domain, code),
      onRound: (round) => this.channel.emit('round', round),
      onFigures: (figures) => this.channel.emit('checkpoints', figures),
      onLost: (reason) => this.channel.emit('protectionLost', { reason }),
    });
    return this.protection.established;
  }

  private unprotect(): void {
    this.protection?.end();
    this.protection = null;
  }

  private async save({
    name,
    xenstore,
    withCode,
  }: DomainCalls['save']['params']): Promise<DomainCalls['save']['result']> {
    const { domain, disks, doorbell } = this.stopped;
    disks.quiesce(doorbell);
    while (withCode && domain.engine.pendingCompilations > 0) await eventLoopTurn();
    const chunks: Uint8Array[] = [];
    const writer = new StreamWriter((chunk) => chunks.push(chunk));
    const report = sendDomain(writer, domain, { name, xenstore });
    const stream = new SharedArrayBuffer(report.bytes);
    const bytes = new Uint8Array(stream);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return { stream, code: withCode ? domain.engine.saveCode() : null, ...summaryOf(report) };
  }

  /** A domain whose clock stands still. */
  private get stopped(): Life {
    const life = this.alive;
    if (!life.loop.isRunning) return life;
    throw new DomusError('domain.running', 'the domain must be paused before it can be written');
  }

  private onShutdown(reason: ReasonNumber, detail: string): void {
    const name = SHUTDOWN_NAMES[reason] ?? 'crash';
    // Its own end is the end of its protection.
    this.protection?.guestEnded();
    this.life?.devices.finish();
    this.channel.emit('shutdown', { reason: name, detail });
  }
}

const SHUTDOWN_NAMES: Partial<Record<number, ShutdownReason>> = Object.fromEntries(
  (['poweroff', 'reboot', 'suspend', 'crash', 'watchdog', 'soft-reset'] as const).entries(),
);

/** Monotonic, and the same for all threads of the process. */
function siteNow(): number {
  return performance.timeOrigin + performance.now();
}

function crashReason(domain: Domain, error: unknown): string {
  const at = `at 0x${domain.engine.processor.instructionPointer.toString(16)}`;
  const what = error instanceof Error ? error.message : String(error);
  return error instanceof EmulatorPanic
    ? `the guest did what the emulated processor cannot do, ${at} (${what})`
    : `the hypervisor failed, ${at}: ${what}`;
}
