/**
 * Serves the API over one message port, one port for each connected client, in the toolstack
 * worker. The frames are the RPC library's own, unchanged from and to the client's transport.
 *
 * A client that does not read holds up only its own streams: they are not asked for their next
 * item while {@link WINDOW_BYTES} are under way to it.
 */
import { StandardRPCHandler } from '@orpc/server/standard';
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer';
import { ServerPeer } from '@orpc/standard-server-peer';
import type { MessagePort } from 'node:worker_threads';
import { FramePort } from '../frame-port.ts';
import type { Frame } from '../frame-port.ts';
import { implementSite, wireErrors } from './router.ts';
import type { SiteApi } from './router.ts';

const WINDOW_BYTES = 1024 * 1024;
/** Calls and streams of one client at the same time: a window holds about ten streams. */
const MAX_CALLS = 512;

export interface RpcServer {
  /** Serves a client until either side closes the port. */
  connect(port: MessagePort): void;
  readonly connections: number;
}

export function createRpcServer(site: SiteApi): RpcServer {
  const handler = new StandardRPCHandler(implementSite(site, 'checked'), {
    clientInterceptors: [wireErrors],
  });
  const handle = createServerPeerHandleRequestFn(handler, { context: {} });
  let connections = 0;

  function connect(port: MessagePort): void {
    connections++;
    const calls = new Set<Promise<unknown>>();
    const pipe = new FramePort(port, { frame: receive, closed: ended });
    const peer = new ServerPeer(async (message) => {
      await pipe.whenBelow(WINDOW_BYTES);
      pipe.send(typeof message === 'string' ? message : new Uint8Array(message as ArrayBuffer));
    });

    function receive(frame: Frame): void {
      if (calls.size >= MAX_CALLS) return pipe.close();
      const message = typeof frame === 'string' ? frame : (frame as Uint8Array<ArrayBuffer>);
      // What fails here is a frame that is none of the protocol's, or a port that went away:
      // a call's own errors are answered by the handler.
      const call = peer.message(message, handle).catch(() => pipe.close());
      calls.add(call);
      void call.then(() => calls.delete(call));
    }

    function ended(): void {
      connections--;
      peer.close();
    }
  }

  return {
    connect,
    get connections() {
      return connections;
    },
  };
}
