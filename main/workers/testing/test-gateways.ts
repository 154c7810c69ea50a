/** The gateways' worker without a toolstack, and wires between it and test hosts. */
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import { Channel } from '../../../shared/channel/channel.ts';
import type {
  GatewayCalls,
  GatewayEvents,
  GatewayWorkerData,
} from '../../toolstack/control/gateway.contract.ts';
import { workerUrl } from '../worker-url.ts';
import type { TestHost } from './test-host.ts';
import { newFrameRings } from './test-host.ts';

type GatewayChannel = Channel<
  GatewayCalls,
  GatewayEvents,
  Record<never, never>,
  Record<never, never>
>;

export class TestGateways {
  readonly channel: GatewayChannel;
  private readonly worker: Worker;

  constructor() {
    const data: GatewayWorkerData = { zone: 'domus.internal' };
    const worker = new Worker(workerUrl('gateway'), { workerData: data });
    this.worker = worker;
    const outlet = {
      post: (message: ChannelMessage, transfer: readonly object[]) =>
        worker.postMessage(message, transfer as MessagePort[]),
    };
    this.channel = new Channel(outlet, 'the gateways', {});
    worker.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    worker.on('exit', () => this.channel.close('its thread ended'));
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Full mesh: each host with each other, and with the gateways. */
export async function joinAll(hosts: readonly TestHost[], gateways: TestGateways): Promise<void> {
  for (const [index, host] of hosts.entries()) {
    const { sent, received } = newFrameRings();
    await host.channel.call('link.join', { peer: null, wire: { sent, received } });
    const back = { sent: received, received: sent };
    await gateways.channel.call('link.join', { peer: host.name, wire: back });
    for (const other of hosts.slice(index + 1)) await joinHosts(host, other);
  }
}

async function joinHosts(one: TestHost, other: TestHost): Promise<void> {
  const { sent, received } = newFrameRings();
  await one.channel.call('link.join', { peer: other.name, wire: { sent, received } });
  const back = { sent: received, received: sent };
  await other.channel.call('link.join', { peer: one.name, wire: back });
}
