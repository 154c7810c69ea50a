/** A real server on a real port with a site behind a real message port, for tests. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import { createHttpApi } from '../http/openapi.ts';
import { startApiServer } from '../http/server.ts';
import type { ApiServer } from '../http/server.ts';
import type { ContentPeer } from '../http/volume-content.ts';
import { StaticFiles } from '../http/static-files.ts';
import { createRpcServer } from '../rpc/serve.ts';
import { connectPort } from '../rpc/port-client.ts';
import { createSmallSite } from './small-site.ts';
import type { SmallSite } from './small-site.ts';

export interface RunningServer extends AsyncDisposable {
  server: ApiServer;
  site: SmallSite;
  token: string;
  /** The far ends of the consoles that were opened. */
  consoles: MessagePort[];
  readonly rpcConnections: number;
}

export interface RunningServerOptions {
  port?: number;
  rendererFolder?: string;
  token?: string;
  /** Else there are no volumes. */
  content?: ContentPeer;
}

export async function runServer(options: RunningServerOptions = {}): Promise<RunningServer> {
  const site = createSmallSite();
  const rpc = createRpcServer(site.api);
  const consoles: MessagePort[] = [];
  const token = options.token ?? 'a-test-token';

  const connectRpc = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    rpc.connect(port2);
    return port1;
  };
  const ownPort = connectRpc();
  const server = await startApiServer({
    port: options.port ?? 0,
    token,
    files: await StaticFiles.read(options.rendererFolder ?? '/nonexistent'),
    api: createHttpApi(connectPort(ownPort), '0.0.0'),
    connectRpc,
    content: options.content ?? { call: () => Promise.reject(new Error('there are no volumes')) },
    connectConsole: (domain) => {
      if (domain !== 'web1') {
        const error = new DomusError('domain.unknown', `There is no domain "${domain}".`);
        return Promise.reject(error);
      }
      const { port1, port2 } = new MessageChannel();
      consoles.push(port2);
      return Promise.resolve(port1);
    },
  });
  return {
    server,
    site,
    token,
    consoles,
    get rpcConnections() {
      return rpc.connections - 1;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      ownPort.close();
      for (const port of consoles) port.close();
    },
  };
}
