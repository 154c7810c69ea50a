import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import { FramePort } from '../frame-port.ts';
import { SiteClient } from './site-client.ts';
import type { SiteApi } from './router.ts';

/** The API over a message port whose far end an `RpcServer` serves. */
export function connectPort(port: MessagePort): SiteApi {
  const client: SiteClient = new SiteClient((frame) => pipe.send(frame));
  const pipe: FramePort = new FramePort(port, {
    frame: (frame) => client.receive(frame),
    closed: () =>
      client.disconnected(
        new DomusError('channel.closed', 'The toolstack ended. Start Domus again.'),
      ),
  });
  return client.site;
}
