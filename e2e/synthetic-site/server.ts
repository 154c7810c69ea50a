/** HTTP with the window's files, the API at /rpc, consoles at /console. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { serveContent } from './contents.ts';
import { EchoConsole, type Viewer } from './console.ts';
import { makeRouter } from './router.ts';
import type { SyntheticSite } from './site.ts';
import { serveFolder } from './static-files.ts';

export interface ServerOptions {
  readonly port: number;
  readonly token: string;
  /** The built window. */
  readonly folder: string;
}

/** @returns the origin it answers at, for example `http://127.0.0.1:40123`. */
export async function serve(site: SyntheticSite, options: ServerOptions): Promise<string> {
  const serveFile = serveFolder(options.folder);
  const http = createServer((request, response) => {
    if (!serveContent(site, options.token, request, response)) serveFile(request, response);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'domus' });
  const rpc = new RPCHandler(makeRouter(site));
  const consoles = new Consoles(site);
  http.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!tokenFits(request, options.token)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (url.pathname === '/rpc') void rpc.upgrade(webSocket, { context: {} });
      else if (url.pathname === '/console') {
        consoles.attach(webSocket, url.searchParams.get('domain') ?? '');
      } else webSocket.close();
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function tokenFits(request: IncomingMessage, token: string): boolean {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
  return protocols.includes(`token.${token}`);
}

class Consoles {
  readonly #site: SyntheticSite;
  readonly #open = new Map<string, EchoConsole>();

  constructor(site: SyntheticSite) {
    this.#site = site;
    void this.#follow();
  }

  attach(webSocket: WebSocket, uuid: string): void {
    const domain = this.#site.domains.get(uuid);
    if (domain === undefined) return webSocket.close();
    const console = this.#open.get(uuid) ?? new EchoConsole(domain);
    this.#open.set(uuid, console);
    const viewer: Viewer = { send: (bytes) => webSocket.send(bytes) };
    webSocket.on('message', (data: Buffer) => console.receive(viewer, data));
    webSocket.on('close', () => console.leave(viewer));
  }

  async #follow(): Promise<void> {
    for await (const change of this.#site.changes.subscribe(undefined)) {
      if (change.type === 'domain') {
        this.#open.get(change.domain.uuid)?.setState(change.domain.state);
      }
    }
  }
}
