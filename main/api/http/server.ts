/**
 * The daemon's HTTP server on 127.0.0.1: the user interface's files, the API for scripts below
 * `/api/`, and two WebSockets: `/rpc` (the API for programs) and `/console?domain=REF`.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { DomusError } from '../../../shared/errors.ts';
import { FrameType, jsonFrame } from '../../../shared/console-protocol.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { httpStatus } from '../rpc/errors.ts';
import { Guard, SUBPROTOCOL } from './guard.ts';
import type { Refusal } from './guard.ts';
import { startHeartbeat } from './heartbeat.ts';
import { listenOnLoopback } from './listen.ts';
import type { HttpApi } from './openapi.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { relaySocket } from './socket-relay.ts';
import type { StaticFiles } from './static-files.ts';
import { contentAddress, VolumeContent } from './volume-content.ts';
import type { ContentPeer } from './volume-content.ts';

const MAX_CONNECTIONS = 512;
const MAX_SOCKETS = 256;
/** Above the largest call (a 64 KiB command) and the largest console frame (64 KiB of input). */
const MAX_FRAME_BYTES = 256 * 1024;
/** What is no content of a volume arrives within this time. */
const BODY_TIMEOUT_MS = 30_000;
/** How long the rest of a body that nobody wants is taken, so that its sender reads the answer. */
const LINGER_MS = 5000;

export interface ApiServerOptions {
  port: number;
  token: string;
  files: StaticFiles;
  api: HttpApi;
  /** A port to the toolstack for one more client. */
  connectRpc(): MessagePort;
  /** Opens the files of volumes. */
  content: ContentPeer;
  /** A port to a domain's console, by name or UUID. */
  connectConsole(domain: string): Promise<MessagePort>;
}

export interface ApiServer {
  port: number;
  /** `http://127.0.0.1:PORT` */
  url: string;
  close(): Promise<void>;
}

/** Errors: those of {@link listenOnLoopback}. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    // Contents of volumes take as long as they take: others are told by `limitBody`.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listenOnLoopback(server, options.port);
  const front = new FrontDoor(options, new Guard(options.token, port));
  server.on('request', (request, response) => void front.request(request, response));
  server.on('upgrade', (request, socket, head) => front.upgrade(request, socket, head));
  return { port, url: `http://127.0.0.1:${port}`, close: () => front.close(server) };
}

class FrontDoor {
  private readonly options: ApiServerOptions;
  private readonly guard: Guard;
  private readonly content: VolumeContent;
  private readonly sockets: WebSocketServer;
  private readonly stopHeartbeat: () => void;

  constructor(options: ApiServerOptions, guard: Guard) {
    this.options = options;
    this.guard = guard;
    this.content = new VolumeContent(options.content);
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: true,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      // Never the token's own name: the answer would repeat it.
      handleProtocols: () => SUBPROTOCOL,
    });
    this.stopHeartbeat = startHeartbeat(this.sockets.clients);
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response);
    const { pathname, searchParams } = requestUrl(request);
    const volume = contentAddress(pathname);
    if (!volume) limitBody(request);
    const refusal =
      this.guard.checkSource(request) ??
      (pathname.startsWith('/api') ? this.guard.checkBearer(request) : null);
    if (refusal) return refuse(response, refusal);
    try {
      const served = volume
        ? await this.content.handle(request, response, volume, searchParams)
        : pathname.startsWith('/api/')
          ? await this.options.api.handle(request, response)
          : isRead(request) && (await this.options.files.serve(request, response, pathname));
      if (!served) refuse(response, nothingThere(pathname));
    } catch (error) {
      const { code, message, data } = DomusError.toData(error);
      if (response.headersSent) response.destroy();
      else refuse(response, { status: httpStatus(code), code, message, data });
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = requestUrl(request);
    const refusal =
      this.guard.checkSource(request) ??
      this.guard.checkSubprotocols(request) ??
      (this.sockets.clients.size >= MAX_SOCKETS ? tooMany : null) ??
      (url.pathname === '/rpc' || url.pathname === '/console' ? null : nothingThere(url.pathname));
    if (refusal) return refuseUpgrade(socket, refusal);
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      if (url.pathname === '/rpc') relaySocket(client, this.options.connectRpc());
      else void this.openConsole(client, url.searchParams.get('domain') ?? '');
    });
  }

  async close(server: Server): Promise<void> {
    this.stopHeartbeat();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const client of this.sockets.clients) client.terminate();
    server.closeAllConnections();
    await closed;
  }

  /** Frames that come before the console is there wait in the socket. */
  private async openConsole(client: WebSocket, domain: string): Promise<void> {
    client.pause();
    client.on('error', () => client.terminate());
    try {
      const port = await this.options.connectConsole(domain);
      relaySocket(client, port);
      client.resume();
    } catch (error) {
      client.resume();
      client.send(jsonFrame(FrameType.error, DomusError.toData(error)));
      client.close(1008, 'no such console');
    }
  }
}

/** A request line that is no path at all (`//`) counts as `/`. */
export function requestUrl(request: IncomingMessage): URL {
  const base = 'http://localhost/';
  return URL.parse(request.url ?? '/', base) ?? new URL(base);
}

function isRead(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

type HttpRefusal = Omit<Refusal, 'status'> & { status: number; data?: ErrorData['data'] };

const tooMany: HttpRefusal = {
  status: 503,
  code: 'http.too-many-connections',
  message: `More than ${MAX_SOCKETS} programs and windows are connected. Close some.`,
};

function nothingThere(pathname: string): HttpRefusal {
  return { status: 404, code: 'http.not-found', message: `There is nothing at ${pathname}.` };
}

function errorBody({ code, message, data = {} }: HttpRefusal): string {
  return JSON.stringify({ code, message, data } satisfies ErrorData);
}

function refuse(response: ServerResponse, refusal: HttpRefusal): void {
  const { req: request } = response;
  if (!request.complete) {
    response.setHeader('Connection', 'close');
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
    request.once('close', () => clearTimeout(timer));
  }
  response.writeHead(refusal.status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(errorBody(refusal));
}

/** A body that drips for ever ends with its connection. */
function limitBody(request: IncomingMessage): void {
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, BODY_TIMEOUT_MS);
  request.once('close', () => clearTimeout(timer));
}

function refuseUpgrade(socket: Duplex, refusal: HttpRefusal): void {
  const body = errorBody(refusal);
  socket.end(
    `HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\n` +
      `Content-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
