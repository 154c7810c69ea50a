/**
 * The API for programs in Node: the command line, tests, benchmarks. One WebSocket, opened by the
 * first call and again by the first call after it was lost; calls that were waiting then fail with
 * `connection.lost`, since nobody can know whether they were carried out.
 */
import type { DiskFormat, Volume } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { Frame } from '../frame-port.ts';
import type { SiteApi } from '../rpc/router.ts';
import { SiteClient } from '../rpc/site-client.ts';
import { ConsoleConnection } from './console.ts';
import type { ConsoleListener } from './console.ts';
import { openSocket } from './socket.ts';
import type { Endpoint } from './socket.ts';
import { fetchVolume, sendVolume, streamVolume } from './volume-content.ts';
import type { Progress, TakeBytes, VolumeAddress, VolumeSource } from './volume-content.ts';

export class DomusClient implements Disposable {
  /** Every call of the contract. Errors are {@link DomusError}. */
  readonly site: SiteApi;
  private readonly locate: () => Endpoint;
  private readonly rpc: SiteClient;
  private socket: Promise<WebSocket> | null = null;

  /** `locate` is asked before each connection: a restarted daemon has another address. */
  constructor(locate: () => Endpoint) {
    this.locate = locate;
    this.rpc = new SiteClient(async (frame) => (await this.connected()).send(frame as string));
    this.site = this.rpc.site;
  }

  /** Errors that come before the console is there reach the listener, as all others do. */
  openConsole(
    domain: string,
    size: { columns: number; rows: number },
    listener: ConsoleListener,
  ): Promise<ConsoleConnection> {
    return ConsoleConnection.open(this.locate(), domain, size, listener);
  }

  /** Makes a volume of what it is given, or replaces one that nobody uses. */
  sendVolume(
    address: VolumeAddress,
    format: DiskFormat,
    source: VolumeSource,
    progress: Progress,
  ): Promise<Volume> {
    return sendVolume(this.locate(), address, format, source, progress);
  }

  /** The bytes of a volume's file, into an empty one; answers with how many. */
  fetchVolume(address: VolumeAddress, fd: number, progress: Progress): Promise<number> {
    return fetchVolume(this.locate(), address, fd, progress);
  }

  /** The bytes of a volume's file, as they come; answers with how many. */
  streamVolume(address: VolumeAddress, take: TakeBytes, progress: Progress): Promise<number> {
    return streamVolume(this.locate(), address, take, progress);
  }

  /** Open streams end; a later call would connect again. */
  close(): void {
    const socket = this.socket;
    this.socket = null;
    void socket?.then(
      (open) => open.close(),
      () => undefined, // it never opened
    );
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private connected(): Promise<WebSocket> {
    if (this.socket) return this.socket;
    const socket = this.connect();
    this.socket = socket;
    socket.catch(() => {
      if (this.socket === socket) this.socket = null;
    });
    return socket;
  }

  private async connect(): Promise<WebSocket> {
    const socket = await openSocket(this.locate(), '/rpc');
    socket.addEventListener('message', (event) => {
      void this.rpc.receive(toFrame(event.data as string | ArrayBuffer));
    });
    socket.addEventListener('close', () => this.lost(socket.url), { once: true });
    return socket;
  }

  private lost(url: string): void {
    this.socket = null;
    this.rpc.disconnected(
      new DomusError('connection.lost', `The connection to Domus at ${url} was lost.`, {
        data: { url },
      }),
    );
  }
}

function toFrame(data: string | ArrayBuffer): Frame {
  return typeof data === 'string' ? data : new Uint8Array(data);
}
