/** A move under way between two test hosts, step by step: for tests that break it. */
import { MessageChannel } from 'node:worker_threads';
import type { MoveOptions } from '../../../shared/contract/index.ts';
import type { Round } from '../../migration/index.ts';
import type { Tap } from '../../migration/testing/tapped-link.ts';
import { TappedLink } from '../../migration/testing/tapped-link.ts';
import type { MoveReport, ReceiveReport } from '../../toolstack/control/host.contract.ts';
import type { TestDomain, TestHost } from './test-host.ts';
import { newFrameRings } from './test-host.ts';

export interface BegunMove {
  readonly link: TappedLink;
  /** Whoever does not wait for them need not fear their failing. */
  readonly sent: Promise<MoveReport>;
  readonly received: Promise<ReceiveReport>;
  /** Settles with the first round for which that holds; fails if the move ends without one. */
  round(holds?: (round: Round) => boolean): Promise<Round>;
}

/** Prepares the target and lets the source send. */
export async function beginMove(
  domain: TestDomain,
  [from, to]: readonly [TestHost, TestHost],
  options: MoveOptions = {},
  tap?: Tap,
): Promise<BegunMove> {
  const link = new TappedLink(tap);
  const { domid } = domain.spec;
  const interfaces = domain.spec.interfaces.map((vif) => ({ ...vif, ...newFrameRings() }));
  const spec = { ...domain.spec, interfaces };
  const code = new MessageChannel();
  const prepare = { spec, link: link.target, code: code.port2 };
  await to.channel.call('migration.prepare', prepare, { transfer: [link.target, code.port2] });
  const rounds: Round[] = [];
  let looked = (): void => undefined;
  from.channel.on('migration.round', (event) => {
    if (event.domid !== domid) return;
    rounds.push(event.round);
    looked();
  });
  const received = to.channel.call('migration.received', { domid });
  const send = { domid, link: link.source, code: code.port1, options };
  const sent = from.channel.call('migration.send', send, { transfer: [link.source, code.port1] });
  for (const end of [sent, received]) end.catch(() => undefined);
  return {
    link,
    sent,
    received,
    round: (holds = () => true) =>
      new Promise((resolve, reject) => {
        looked = () => {
          const found = rounds.find(holds);
          if (found) resolve(found);
        };
        looked();
        const none = (): void =>
          reject(new Error(`the move ended without such a round: ${JSON.stringify(rounds)}`));
        sent.then(none, none);
      }),
  };
}
