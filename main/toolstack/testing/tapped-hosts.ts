/** Hosts whose links a test has its hand on, and whose calls it sees as they are made. */
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import type { Tap } from '../../migration/testing/tapped-link.ts';
import { TappedLink } from '../../migration/testing/tapped-link.ts';
import type { HostCalls, HostWorkerData } from '../control/host.contract.ts';
import { HOST_WORKER } from './test-site.ts';

type Sending = 'migration.send' | 'protection.begin';
const SENDINGS: readonly string[] = ['migration.send', 'protection.begin'] satisfies Sending[];

export class TappedHosts {
  /** Of every move and every protection that begins from now on. */
  tap: Tap = () => false;
  /** Hears of a call before its host does. */
  onCall: (name: string, host: string) => void = () => undefined;
  /** Of the last of them. */
  link: TappedLink | null = null;

  readonly factory = (data: HostWorkerData): Worker => {
    const worker = new Worker(HOST_WORKER, { workerData: data });
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: ChannelMessage, transfer: MessagePort[] = []): void => {
      if (message.kind === 'call') this.onCall(message.name, data.name);
      if (message.kind !== 'call' || !SENDINGS.includes(message.name)) {
        post(message, transfer);
        return;
      }
      const params = message.params as HostCalls[Sending]['params'];
      const link = new TappedLink(this.tap, params.link);
      this.link = link;
      const others = transfer.filter((port) => port !== params.link);
      post({ ...message, params: { ...params, link: link.source } }, [link.source, ...others]);
    };
    return worker;
  };
}
