/** A host's thread: xenstore, domain 0's control of devices, link ends; it starts domain threads. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../shared/channel/channel.ts';
import { Channel } from '../../shared/channel/channel.ts';
import type { HostCalls, HostEvents, HostWorkerData } from '../toolstack/control/host.contract.ts';
import { HostThread } from './host/host-thread.ts';

const port = parentPort as MessagePort;
const outlet = {
  post: (message: ChannelMessage, transfer: readonly object[]) =>
    port.postMessage(message, transfer as MessagePort[]),
};
const host = await HostThread.start(workerData as HostWorkerData, (name, payload) =>
  channel.emit(name, payload),
);
const channel = new Channel<Record<never, never>, Record<never, never>, HostCalls, HostEvents>(
  outlet,
  'the toolstack',
  host.handlers,
);
port.on('message', (message: ChannelMessage) => channel.deliver(message));
