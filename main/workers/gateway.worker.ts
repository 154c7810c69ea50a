/** The gateways' thread: DHCP, names, routes, the outside and forwards of a site's networks. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../shared/channel/channel.ts';
import { Channel } from '../../shared/channel/channel.ts';
import type {
  GatewayCalls,
  GatewayEvents,
  GatewayWorkerData,
} from '../toolstack/control/gateway.contract.ts';
import { GatewayThread } from './gateway/gateway-thread.ts';

type None = Record<never, never>;

const port = parentPort as MessagePort;
const gateways = new GatewayThread(workerData as GatewayWorkerData, (name, payload) =>
  channel.emit(name, payload),
);
const channel = new Channel<None, None, GatewayCalls, GatewayEvents>(
  {
    post: (message: ChannelMessage, transfer) =>
      port.postMessage(message, transfer as MessagePort[]),
  },
  'the toolstack',
  gateways.handlers,
);
port.on('message', (message: ChannelMessage) => channel.deliver(message));
