/** An I/O worker's thread: reads, writes and syncs disks and saved states for domains' threads. */
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../shared/channel/channel.ts';
import { Channel } from '../../shared/channel/channel.ts';
import type { DiskServiceCalls, DiskServiceEvents } from '../dom0/index.ts';
import { DiskServer } from '../dom0/index.ts';
import type { StateFileCalls } from '../migration/index.ts';
import { stateFileHandlers } from '../migration/index.ts';

type None = Record<never, never>;

const port = parentPort as MessagePort;
const server = new DiskServer((name, payload) => channel.emit(name, payload));
const channel = new Channel<None, None, DiskServiceCalls & StateFileCalls, DiskServiceEvents>(
  {
    post: (message: ChannelMessage, transfer) =>
      port.postMessage(message, transfer as MessagePort[]),
  },
  'the toolstack',
  { ...server.handlers, ...stateFileHandlers },
);
port.on('message', (message: ChannelMessage) => channel.deliver(message));
