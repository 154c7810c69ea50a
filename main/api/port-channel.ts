import type { MessagePort, Worker } from 'node:worker_threads';
import { Channel } from '../../shared/channel/channel.ts';
import type { CallMap, ChannelMessage, EventMap, Handlers } from '../../shared/channel/channel.ts';

/** A typed channel over a message port, or between a worker and the thread that started it. */
export function portChannel<
  Remote extends CallMap = Record<never, never>,
  EventsIn extends EventMap = Record<never, never>,
  Local extends CallMap = Record<never, never>,
  EventsOut extends EventMap = Record<never, never>,
>(
  port: MessagePort | Worker,
  peerName: string,
  handlers: Handlers<Local>,
): Channel<Remote, EventsIn, Local, EventsOut> {
  const channel = new Channel<Remote, EventsIn, Local, EventsOut>(
    { post: (message, transfer) => port.postMessage(message, transfer as MessagePort[]) },
    peerName,
    handlers,
  );
  port.on('message', (message: ChannelMessage) => channel.deliver(message));
  port.on('close', () => channel.close('its port closed'));
  return channel;
}
