/** Real hosts with real guests, without a toolstack: what tests of the workers drive. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import { Channel } from '../../../shared/channel/channel.ts';
import { createRing } from '../../../shared/ring/byte-ring.ts';
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { compileEngine, DomainCounters, HostFrames } from '../../hypervisor/index.ts';
import type {
  DomainSpec,
  HostCalls,
  HostEvents,
  HostWorkerData,
  VifSpec,
} from '../../toolstack/control/host.contract.ts';
import { workerUrl } from '../worker-url.ts';
import { GuestConsole } from './guest-console.ts';

type HostChannel = Channel<HostCalls, HostEvents, Record<never, never>, Record<never, never>>;

export const DOMAIN0_KIB = 64 * 1024;
const CONSOLE_RING_BYTES = 64 * 1024;

let engine: Promise<WebAssembly.Module> | undefined;

export interface TestDomain {
  spec: DomainSpec;
  console: GuestConsole;
  counters: DomainCounters;
}

/** One simulated host, its events kept. */
export class TestHost {
  readonly name: string;
  readonly channel: HostChannel;
  readonly frames: HostFrames;
  readonly socketPath: string;
  private readonly worker: Worker;
  private readonly folder: string;

  private constructor(worker: Worker, data: HostWorkerData, frames: HostFrames, folder: string) {
    this.name = data.name;
    this.worker = worker;
    this.frames = frames;
    this.folder = folder;
    this.socketPath = data.xenstoreSocketPath!;
    const outlet = {
      post: (message: ChannelMessage, transfer: readonly object[]) =>
        worker.postMessage(message, transfer as MessagePort[]),
    };
    this.channel = new Channel(outlet, `host ${data.name}`, {});
    worker.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    worker.on('exit', () => this.channel.close('its thread ended'));
  }

  static async start(
    name: string,
    memoryMiB: number,
    link: Partial<Pick<HostWorkerData, 'bandwidthBytesPerSecond' | 'latencyMs'>> = {},
  ): Promise<TestHost> {
    engine ??= compileEngine();
    const folder = await mkdtemp(join(tmpdir(), 'domus-host-'));
    const frames = new HostFrames();
    const data: HostWorkerData = {
      name,
      memoryKiB: memoryMiB * 1024,
      domain0KiB: DOMAIN0_KIB,
      pcpus: 2,
      bandwidthBytesPerSecond: 125_000_000,
      latencyMs: 0.2,
      lossPercent: 0,
      ...link,
      counters: frames.buffer,
      xenstoreSocketPath: join(folder, `xenstore-${name}.sock`),
      engineModule: await engine,
    };
    return new TestHost(new Worker(workerUrl('host'), { workerData: data }), data, frames, folder);
  }

  /** Settles with the first such event about this domain. */
  next<Name extends 'domain.shutdown' | 'domain.crashed' | 'domain.alive'>(
    name: Name,
    domid: number,
  ): Promise<HostEvents[Name]> {
    return new Promise((resolve) => {
      const off = this.channel.on(name, (event) => {
        if (event.domid !== domid) return;
        off();
        resolve(event);
      });
    });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
    await rm(this.folder, { recursive: true, force: true });
  }
}

let lastDomid = 0;

/** A domain's rings and numbers, as the toolstack makes them. */
export function newDomain(
  name: string,
  maxMemoryMiB: number,
  memoryMiB = maxMemoryMiB,
): TestDomain {
  const counters = new DomainCounters();
  const spec: DomainSpec = {
    domid: ++lastDomid,
    uuid: randomUUID(),
    name,
    memoryKiB: memoryMiB * 1024,
    maxMemoryKiB: maxMemoryMiB * 1024,
    console: { output: createRing(CONSOLE_RING_BYTES), input: createRing(CONSOLE_RING_BYTES) },
    agent: { output: createRing(CONSOLE_RING_BYTES), input: createRing(CONSOLE_RING_BYTES) },
    doorbell: new Doorbell().buffer,
    counters: counters.buffer,
    timerSlackMs: 32,
    disks: [],
    interfaces: [],
  };
  return { spec, counters, console: new GuestConsole(spec.console, new Doorbell(spec.doorbell)) };
}

const FRAME_RING_BYTES = 512 * 1024;

/** An interface as the toolstack makes it, at this address, with a MAC address that follows from it. */
export function newVif(handle: number, network: string, address: string): VifSpec {
  const last = Number(address.split('.')[3]).toString(16).padStart(2, '0');
  return {
    handle,
    mac: `00:16:3e:00:0${handle}:${last}`,
    mtu: 1500,
    network,
    addresses: [address],
    linkUp: true,
    sendLimitBytesPerSecond: null,
    receiveLimitBytesPerSecond: null,
    access: { rules: [], otherwise: 'allow' },
    ...newFrameRings(),
  };
}

/**
 * For a guest's shell: gives an interface an address by hand, once the image's DHCP client, which would
 * take it away again, has begun and been ended.
 */
export function setAddress(device: string, address: string): string {
  const pid = `/run/domus-dhcp/${device}.pid`;
  const begun = `[ -s ${pid} ] && ip link show ${device} | grep -q UP`;
  return (
    `until ${begun}; do usleep 50000; done; kill $(cat ${pid}); ` +
    `ip addr add ${address}/24 dev ${device}`
  );
}

/** Both directions' rings, of an interface's life on a host or of a wire. */
export function newFrameRings(): { sent: SharedArrayBuffer; received: SharedArrayBuffer } {
  return { sent: createFrameRing(FRAME_RING_BYTES), received: createFrameRing(FRAME_RING_BYTES) };
}

export interface MoveReport {
  downtimeMs: number;
  bytes: number;
}

/** Stop and copy, as the toolstack orchestrates it when nothing fails. */
export async function move(domain: TestDomain, from: TestHost, to: TestHost): Promise<MoveReport> {
  const [link, code] = [new MessageChannel(), new MessageChannel()];
  const { domid } = domain.spec;
  const interfaces = domain.spec.interfaces.map((vif) => ({ ...vif, ...newFrameRings() }));
  domain.spec = { ...domain.spec, interfaces };
  await to.channel.call(
    'migration.prepare',
    { spec: domain.spec, link: link.port2, code: code.port2 },
    { transfer: [link.port2, code.port2] },
  );
  const [sent, received] = await Promise.all([
    from.channel.call(
      'migration.send',
      { domid, link: link.port1, code: code.port1 },
      { transfer: [link.port1, code.port1] },
    ),
    to.channel.call('migration.received', { domid }),
  ]);
  if (sent.digest !== received.digest) throw new Error('the two ends saw different streams');
  const { startedAtMs } = await to.channel.call('migration.activate', { domid });
  await from.channel.call('migration.discard', { domid, wentTo: to.name });
  return { downtimeMs: startedAtMs - sent.stoppedAtMs, bytes: sent.bytes };
}
