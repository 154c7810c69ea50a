/**
 * The API as functions, over any transport of frames: a WebSocket in programs, a message port
 * between threads. Errors come out as {@link DomusError}, also those of streams.
 */
import { createORPCClient } from '@orpc/client';
import { StandardRPCLink } from '@orpc/client/standard';
import { ClientPeer } from '@orpc/standard-server-peer';
import type { DomusError } from '../../../shared/errors.ts';
import type { Frame } from '../frame-port.ts';
import { fromWireError } from './errors.ts';
import type { SiteApi } from './router.ts';
import { isStream, mapStreamErrors } from './streams.ts';

/** Sends one frame; settles when the transport can take more. */
export type SendFrame = (frame: Frame) => void | Promise<void>;

export class SiteClient {
  readonly site: SiteApi;
  private readonly peer: ClientPeer;

  /** `send` may wait until the transport is connected. */
  constructor(send: SendFrame) {
    this.peer = new ClientPeer(async (message) => {
      await send(typeof message === 'string' ? message : new Uint8Array(message as ArrayBuffer));
    });
    const link = new StandardRPCLink(
      {
        call: async (request) => {
          const response = await this.peer.request(request);
          return { ...response, body: () => Promise.resolve(response.body) };
        },
      },
      { url: 'http://orpc', interceptors: [clientErrors] },
    );
    this.site = createORPCClient(link) as SiteApi;
  }

  /** A frame that the transport received. */
  async receive(frame: Frame): Promise<void> {
    await this.peer.message(typeof frame === 'string' ? frame : (frame as Uint8Array<ArrayBuffer>));
  }

  /** The transport is gone: what waits for an answer fails with `reason`. */
  disconnected(reason: DomusError): void {
    this.peer.close({ reason });
  }
}

async function clientErrors(options: { next(): Promise<unknown> }): Promise<unknown> {
  try {
    const output = await options.next();
    return isStream(output) ? mapStreamErrors(output, fromWireError) : output;
  } catch (error) {
    throw fromWireError(error);
  }
}
