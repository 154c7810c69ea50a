/** Steps 1 to 3 of a move: the target has all of the domain, and nobody knows of it yet. */
import { MessageChannel } from 'node:worker_threads';
import type { MigrationRound } from '../../../../shared/contract/index.ts';
import type { MoveReport, ReceiveReport } from '../../control/host.contract.ts';
import { guarded, moveError } from './move.ts';
import type { Move } from './move.ts';

const PREPARE_TIMEOUT_MS = 30_000;
const PAGE_BYTES = 4096;
const MIB = 1 << 20;

export interface Copied {
  sent: MoveReport;
  received: ReceiveReport;
}

/** Fails with what its hosts fail with, and with the task's own reason when it was cancelled. */
export async function copyOver(move: Move): Promise<Copied> {
  const { domain, life, source, target, task, disks, interfaces } = move;
  const need = Math.max(life.actualKiB, life.targetKiB);
  const release = target.ledger.reserve(need, domain.name);
  const link = new MessageChannel();
  let offRounds = (): void => undefined;
  try {
    task.progress(0.05, `preparing ${target.name}`);
    const prepared = target.link.call(
      'migration.prepare',
      { spec: { ...life.spec, disks, interfaces }, link: link.port1 },
      { transfer: [link.port1], timeoutMs: PREPARE_TIMEOUT_MS },
    );
    await guarded(move, prepared);
    task.progress(0.2, `copying ${Math.ceil((life.counters.frames * PAGE_BYTES) / MIB)} MiB`);
    offRounds = source.link.on('migration.round', ({ domid, round }) => {
      if (domid === life.domid)
        task.progress(0.2 + 0.6 * (1 - 1 / (round.number + 1)), told(round));
    });
    const received = target.link.call('migration.received', { domid: life.domid });
    const sent = source.link.call(
      'migration.send',
      { domid: life.domid, link: link.port2 },
      { transfer: [link.port2] },
    );
    const [outgoing, incoming] = await guarded(move, Promise.all([sent, received]));
    if (outgoing.digest !== incoming.digest) {
      const what = `what arrived on ${target.name} is not what ${source.name} sent`;
      throw moveError(move, 'migration.damaged', what, null);
    }
    return { sent: outgoing, received: incoming };
  } finally {
    offRounds();
    release();
  }
}

function told({ number, bytes, ms, dirtied, estimatedStopMs }: MigrationRound): string {
  const sent = `${(bytes / MIB).toFixed(1)} MiB in ${ms.toFixed(0)} ms`;
  return `round ${number}: ${sent}, ${dirtied} pages written meanwhile; a stop now would take ${estimatedStopMs.toFixed(0)} ms`;
}
