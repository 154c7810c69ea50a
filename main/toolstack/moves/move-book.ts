/** Every move: told to whoever follows while it goes on, kept in the history of its domain. */
import type { MigrationReport, Move } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { LogBook } from '../log/log-book.ts';
import type { MoveHistoryTable } from '../store/move-history-table.ts';
import { Topic } from '../streams/topic.ts';
import type { RunningTask } from '../tasks/task.ts';
import { MoveRecord } from './move-record.ts';
import type { MoveAbout } from './move-record.ts';

interface Options {
  table: MoveHistoryTable;
  log: LogBook;
  changed(move: Move): void;
}

export class MoveBook {
  private readonly table: MoveHistoryTable;
  private readonly log: LogBook;
  private readonly changed: (move: Move) => void;
  private readonly running = new Map<string, MoveRecord>();
  private readonly topic = new Topic<Move>({ limit: 1000, keyOf: (move) => move.id });

  constructor({ table, log, changed }: Options) {
    this.table = table;
    this.log = log;
    this.changed = changed;
  }

  /**
   * Does `work`, which tells of its rounds, and keeps how it went. It is stored when it begins and
   * when it has ended: between them nothing may wait for a disk.
   */
  async keep(
    task: RunningTask,
    about: MoveAbout,
    work: (record: MoveRecord) => Promise<MigrationReport>,
  ): Promise<MigrationReport> {
    const { id } = task.current;
    const record = new MoveRecord(id, about, (move) => this.tell(move));
    this.running.set(id, record);
    this.store(record.current);
    this.tell(record.current);
    try {
      const report = await work(record);
      record.done(report);
      return report;
    } catch (error) {
      record.failed(error, task.signal.aborted);
      throw error;
    } finally {
      this.store(record.current);
      this.running.delete(id);
    }
  }

  /** Newest first. */
  of(domain: string): Move[] {
    return this.table.of(domain).map((move) => this.running.get(move.id)?.current ?? move);
  }

  underWay(): Move[] {
    return [...this.running.values()].map(({ current }) => current);
  }

  /** The record at every step (newest wins for a slow reader), the final one last. Error `move.unknown`. */
  follow(id: string, signal?: AbortSignal): AsyncGenerator<Move, void, void> {
    const now = this.running.get(id)?.current ?? this.table.find(id);
    if (!now) {
      throw new DomusError(
        'move.unknown',
        `There is no move ${id}; a domain's newest ones are kept.`,
        { data: { move: id } },
      );
    }
    const ended = (move: Move): boolean => move.id === id && move.state !== 'running';
    return only(this.topic.read(signal, [now], ended), id);
  }

  close(): void {
    this.topic.close();
  }

  private tell(move: Move): void {
    this.topic.publish(move);
    this.changed(move);
  }

  /** A move does not fail for what is remembered of it. */
  private store(move: Move): void {
    try {
      this.table.save(move);
    } catch (error) {
      this.log.write('error', 'moves', `a move was not kept: ${String(error)}`, move.domain);
    }
  }
}

async function* only(
  moves: AsyncGenerator<Move, void, void>,
  id: string,
): AsyncGenerator<Move, void, void> {
  for await (const move of moves) if (move.id === id) yield move;
}
