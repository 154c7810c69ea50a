/** The toolstack's thread: policy, the store, tasks; it starts the hosts' threads. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../shared/errors.ts';
import { portChannel } from '../api/port-channel.ts';
import type { SiteApi } from '../api/rpc/router.ts';
import { createRpcServer } from '../api/rpc/serve.ts';
import type { RpcCalls, ToolstackEvents, ToolstackWorkerData } from '../api/threads.contract.ts';
import type { Handlers } from '../../shared/channel/channel.ts';
import type { ContentCalls } from '../toolstack/control/content.contract.ts';
import { budgetFromEnvironment } from '../toolstack/placement/budget-settings.ts';
import { resolveHome } from '../toolstack/home.ts';
import { ImageShelf } from '../toolstack/image-shelf.ts';
import { Site } from '../toolstack/site.ts';
import { workerUrl } from './worker-url.ts';

type None = Record<never, never>;

const data = workerData as ToolstackWorkerData;
const port = parentPort as MessagePort;
const opening = open();

async function open(): Promise<Site> {
  return Site.open({
    home: resolveHome({ home: data.home, env: { DOMUS_CACHE: data.cache } }),
    version: data.version,
    logLevel: data.logLevel,
    budget: budgetFromEnvironment(process.env),
    hostFactory: (host) => new Worker(workerUrl('host'), { workerData: host }),
    ioFactory: () => new Worker(workerUrl('io')),
    gatewayFactory: (gateways) => new Worker(workerUrl('gateway'), { workerData: gateways }),
    console: data.console,
    images: (parts) => new ImageShelf({ ...parts, mirror: process.env['DOMUS_MIRROR'] }),
    codeFolders: import.meta.url.endsWith('.ts')
      ? ['../hypervisor/', '../dom0/', '../migration/', './'].map(
          (at) => new URL(at, import.meta.url),
        )
      : [new URL('./', import.meta.url)],
    onStop: () => void stop(),
  });
}

async function contents(): Promise<Handlers<ContentCalls>> {
  return (await opening).transfers.handlers;
}

async function stop(): Promise<void> {
  const site = await opening;
  await site.close();
  channel.emit('stopped', {});
}

const server = opening.then(({ api }) => createRpcServer(api as unknown as SiteApi));
server.catch(() => undefined); // said by `failed`
const calls: Handlers<RpcCalls & ContentCalls> = {
  'rpc.connect': async ({ port: client }) => (await server).connect(client),
  'rpc.serve': async ({ port: peer }) => {
    await server;
    portChannel<None, None, RpcCalls & ContentCalls>(peer, 'the API', calls);
  },
  'content.receive': async (...call) => (await contents())['content.receive'](...call),
  'content.received': async (...call) => (await contents())['content.received'](...call),
  'content.send': async (...call) => (await contents())['content.send'](...call),
  'content.end': async (...call) => (await contents())['content.end'](...call),
};
const channel = portChannel<None, None, RpcCalls & ContentCalls, ToolstackEvents>(
  port,
  'the main thread',
  calls,
);
try {
  const site = await opening;
  channel.emit('ready', {});
  if (data.demo) await site.demo();
} catch (error) {
  channel.emit('failed', { error: DomusError.toData(error) });
  port.close();
}
