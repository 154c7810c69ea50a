/** Where a domain's content comes from: a kernel, a saved stream, another thread. */
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { Domain } from '../../hypervisor/index.ts';
import {
  BlockingLinkReceiver,
  DomainReceiver,
  restoreFromBuffer,
  StreamReader,
} from '../../migration/index.ts';
import type { StreamReport } from '../../migration/index.ts';
import { CodeReceiver } from './code-beside.ts';
import type { DomainOrigin, StartedDomain } from './domain.contract.ts';
import { waitAsStandby } from './standby.ts';
import { peerOf, summaryOf } from './stream-ends.ts';

type Received = Pick<StartedDomain, 'exported' | 'bytes' | 'pages' | 'digest'> & {
  /** Of a standby's last checkpoint: what was sent beside it. */
  beside?: unknown;
};

const NOTHING = { exported: null, bytes: 0, pages: 0, digest: '' };

/**
 * Fills a new domain: of a stream until its end, of a standby until there are no more checkpoints.
 *
 * @param onForeseen its part of xenstore as it may be in the end, while it still runs elsewhere
 */
export function materialise(
  domain: Domain,
  origin: DomainOrigin,
  doorbell: Doorbell,
  onForeseen: (exported: Uint8Array) => void,
): Received {
  switch (origin.kind) {
    case 'boot': {
      const { kernel, initrd, cmdline } = origin.boot;
      const image = { kernel: new Uint8Array(kernel), initrd: new Uint8Array(initrd), cmdline };
      domain.build(image, Date.now());
      return NOTHING;
    }
    case 'standby': {
      const { xenstore, beside } = waitAsStandby(domain, origin);
      return { ...NOTHING, exported: xenstore, beside };
    }
    case 'stream': {
      const receiver = new DomainReceiver(domain, { code: origin.code });
      const stream = new Uint8Array(origin.stream);
      const report = restoreFromBuffer(stream, receiver, { verified: true });
      return { exported: receiver.complete().xenstore, ...summaryOf(report) };
    }
    case 'link': {
      const beside = new CodeReceiver(origin.code);
      const receiver = new DomainReceiver(domain, { beside, onForeseen });
      const report = receiveOverLink(origin, doorbell, receiver);
      return { exported: receiver.complete().xenstore, ...summaryOf(report) };
    }
  }
}

function receiveOverLink(
  { link, peerDoorbell }: Extract<DomainOrigin, { kind: 'link' }>,
  doorbell: Doorbell,
  receiver: DomainReceiver,
): StreamReport {
  const flow = new BlockingLinkReceiver(link, doorbell, peerOf(peerDoorbell));
  const reader = new StreamReader(receiver);
  try {
    for (let chunk = flow.receive(); chunk; chunk = flow.receive()) reader.push(chunk);
    return reader.finish();
  } catch (error) {
    flow.abort(error);
    throw error;
  }
}
