/** What runs in the API's thread. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ContentCalls } from '../toolstack/control/content.contract.ts';
import type { ConsoleViewerCalls } from '../toolstack/control/console.contract.ts';
import { removeDaemonInfo, writeDaemonInfo } from '../toolstack/daemon-info.ts';
import { resolveHome } from '../toolstack/home.ts';
import { createToken } from './http/guard.ts';
import { createHttpApi } from './http/openapi.ts';
import { startApiServer } from './http/server.ts';
import { StaticFiles } from './http/static-files.ts';
import { portChannel } from './port-channel.ts';
import { connectPort } from './rpc/port-client.ts';
import type { ApiWorkerData, RpcCalls } from './threads.contract.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface RunningApi {
  url: string;
  token: string;
  stop(): Promise<void>;
}

/** Listens, and leaves `daemon.json` for clients. Errors: those of `listenOnLoopback`. */
export async function startApi(data: ApiWorkerData): Promise<RunningApi> {
  const toolstack = portChannel<RpcCalls & ContentCalls>(data.toolstack, 'the toolstack', {});
  const consoles = portChannel<ConsoleViewerCalls>(data.console, 'the console worker', {});

  const connectRpc = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    // A toolstack that is gone shows as a closed port.
    toolstack
      .call('rpc.connect', { port: port2 }, { transfer: [port2] })
      .catch(() => port1.close());
    return port1;
  };
  // This thread's own use: for HTTP calls, and to find domains by name.
  const site = connectPort(connectRpc());
  const connectConsole = async (domain: string): Promise<MessagePort> => {
    const uuid = UUID.test(domain) ? domain : (await site.domains.get({ domain })).uuid;
    const { port1, port2 } = new MessageChannel();
    await consoles.call('console.connect', { uuid, port: port2 }, { transfer: [port2] });
    return port1;
  };

  const token = createToken();
  const server = await startApiServer({
    port: data.port,
    token,
    files: await StaticFiles.read(data.rendererFolder),
    api: createHttpApi(site, data.version),
    connectRpc,
    content: toolstack,
    connectConsole,
  });
  const home = resolveHome({ home: data.home });
  writeDaemonInfo(home, { pid: process.pid, url: server.url, token });
  return {
    url: server.url,
    token,
    async stop() {
      removeDaemonInfo(home);
      await server.close();
    },
  };
}
