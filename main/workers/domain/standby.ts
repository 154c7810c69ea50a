/**
 * A standby's wait, in its own thread: it takes the checkpoints of a domain that runs elsewhere until
 * the link is gone, whatever the reason. It touches nothing that the other one uses.
 */
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { Domain } from '../../hypervisor/index.ts';
import {
  BlockingLinkReceiver,
  DomainReceiver,
  StandbyReceiver,
  StreamReader,
} from '../../migration/index.ts';
import { CodeReceiver } from './code-beside.ts';
import type { DomainOrigin } from './domain.contract.ts';

/** A domain that is paused sends nothing; whoever made the standby ends it. */
const STALL_TIMEOUT_MS = 2 ** 31 - 1;

type Standby = Extract<DomainOrigin, { kind: 'standby' }>;

/**
 * Returns when the link is gone, with the domain as the last whole checkpoint has it.
 *
 * @throws DomusError `protection.no-checkpoint`, or the reason for which there is none
 */
export function waitAsStandby(
  domain: Domain,
  { link, code, doorbell }: Standby,
): ReturnType<StandbyReceiver['complete']> {
  const flow = new BlockingLinkReceiver(link, new Doorbell(doorbell), {
    stallTimeoutMs: STALL_TIMEOUT_MS,
  });
  const receiver = new StandbyReceiver(
    new DomainReceiver(domain, { beside: new CodeReceiver(code) }),
  );
  const reader = new StreamReader(receiver);
  try {
    for (let chunk = flow.receive(); chunk; chunk = flow.receive()) reader.push(chunk);
  } catch (error) {
    // Of a stream that is wrong the other side must hear; a link that is gone takes no notice.
    flow.abort(error);
    if (receiver.checkpoints === 0) throw error;
  }
  return receiver.complete();
}
