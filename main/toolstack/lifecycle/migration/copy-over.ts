/** Steps 1 to 3 of a move: the target has all of the domain, and nobody knows of it yet. */
import { MessageChannel } from 'node:worker_threads';
import type { MoveReport, ReceiveReport } from '../../control/host.contract.ts';
import { guarded, moveError } from './move.ts';
import type { Move } from './move.ts';
import { tellProgress } from './tell-progress.ts';

const PREPARE_TIMEOUT_MS = 30_000;
const PAGE_BYTES = 4096;
const MIB = 1 << 20;

export interface Copied {
  sent: MoveReport;
  received: ReceiveReport;
}

/** Fails with what its hosts fail with, and with the task's own reason when it was cancelled. */
export async function copyOver(move: Move): Promise<Copied> {
  const { domain, life, target } = move;
  const need = Math.max(life.actualKiB, life.targetKiB);
  const release = target.ledger.reserve(need, domain.name);
  try {
    return await transfer(move);
  } finally {
    release();
  }
}

async function transfer(move: Move): Promise<Copied> {
  const { life, source, target, task, options, disks, interfaces } = move;
  const [link, code] = [new MessageChannel(), new MessageChannel()];
  const tellNoMore = tellProgress(move);
  try {
    task.progress(move.copies ? 0.2 : 0.05, `preparing ${target.name}`);
    const prepared = target.link.call(
      'migration.prepare',
      { spec: { ...life.spec, disks, interfaces }, link: link.port1, code: code.port1 },
      { transfer: [link.port1, code.port1], timeoutMs: PREPARE_TIMEOUT_MS },
    );
    await guarded(move, prepared);
    task.progress(0.2, `copying ${Math.ceil((life.counters.frames * PAGE_BYTES) / MIB)} MiB`);
    const received = target.link.call('migration.received', { domid: life.domid });
    const sent = source.link.call(
      'migration.send',
      { domid: life.domid, link: link.port2, code: code.port2, options },
      { transfer: [link.port2, code.port2] },
    );
    const [outgoing, incoming] = await guarded(move, Promise.all([sent, received]));
    if (outgoing.digest !== incoming.digest) {
      const what = `what arrived on ${target.name} is not what ${source.name} sent`;
      throw moveError(move, 'migration.damaged', what, null);
    }
    return { sent: outgoing, received: incoming };
  } finally {
    tellNoMore();
  }
}
