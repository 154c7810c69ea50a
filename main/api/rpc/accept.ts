import type { MessagePort, Worker } from 'node:worker_threads';
import type { Handlers } from '../../../shared/channel/channel.ts';
import { portChannel } from '../port-channel.ts';
import type { RpcCalls } from '../threads.contract.ts';
import type { RpcServer } from './serve.ts';

/** The calls by which other threads connect API clients to `server`. */
export function rpcCalls(server: RpcServer): Handlers<RpcCalls> {
  return {
    'rpc.connect': ({ port }) => server.connect(port),
    'rpc.serve': ({ port }) => serveRpcCalls(port, server),
  };
}

export function serveRpcCalls(port: MessagePort | Worker, server: RpcServer): void {
  portChannel<Record<never, never>, Record<never, never>, RpcCalls>(
    port,
    'the API',
    rpcCalls(server),
  );
}
