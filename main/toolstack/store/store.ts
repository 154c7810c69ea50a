/** All that a site keeps between runs of the program. */
import { existsSync, renameSync } from 'node:fs';
import { CorruptDatabase, Database } from './database.ts';
import { CheckpointTable } from './checkpoint-table.ts';
import { DomainTable } from './domain-table.ts';
import { DoomedVolumeTable } from './doomed-volume-table.ts';
import { EventTable } from './event-table.ts';
import { ForwardTable } from './forward-table.ts';
import { HostTable } from './host-table.ts';
import { MoveHistoryTable } from './move-history-table.ts';
import { MoveTable } from './move-table.ts';
import { NetworkTable } from './network-table.ts';
import { PoolTable } from './pool-table.ts';
import { ProtectionTable } from './protection-table.ts';
import { SettingTable } from './setting-table.ts';
import { TaskTable } from './task-table.ts';

export class Store {
  readonly hosts: HostTable;
  readonly domains: DomainTable;
  readonly tasks: TaskTable;
  readonly events: EventTable;
  readonly checkpoints: CheckpointTable;
  readonly moves: MoveTable;
  readonly moveHistory: MoveHistoryTable;
  readonly pools: PoolTable;
  readonly protections: ProtectionTable;
  readonly doomedVolumes: DoomedVolumeTable;
  readonly settings: SettingTable;
  readonly networks: NetworkTable;
  readonly forwards: ForwardTable;
  private readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
    this.hosts = new HostTable(database);
    this.domains = new DomainTable(database);
    this.tasks = new TaskTable(database);
    this.events = new EventTable(database);
    this.checkpoints = new CheckpointTable(database);
    this.moves = new MoveTable(database);
    this.moveHistory = new MoveHistoryTable(database);
    this.pools = new PoolTable(database);
    this.protections = new ProtectionTable(database);
    this.doomedVolumes = new DoomedVolumeTable(database);
    this.settings = new SettingTable(database);
    this.networks = new NetworkTable(database);
    this.forwards = new ForwardTable(database);
  }

  /**
   * Opens the database, or creates it. A damaged one is kept beside as
   * `domus.db.corrupt-<time>` (`setAside`), and a new one started.
   */
  static open(path: string): { store: Store; setAside: string | null } {
    try {
      return { store: Store.sound(path), setAside: null };
    } catch (error) {
      if (!(error instanceof CorruptDatabase)) throw error;
      const setAside = putAside(path);
      return { store: Store.sound(path), setAside };
    }
  }

  transaction<T>(work: () => T): T {
    return this.database.transaction(work);
  }

  close(): void {
    this.database.close();
  }

  /** A store whose every definition could be read, so that a damaged row is found now. */
  private static sound(path: string): Store {
    const store = new Store(Database.open(path));
    try {
      store.hosts.all();
      store.domains.all();
      store.pools.all();
      store.checkpoints.all();
      store.moves.unfinished();
      store.protections.all();
      store.networks.all();
      store.forwards.all();
      store.tasks.newest(1);
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  }
}

function putAside(path: string): string {
  const time = new Date().toISOString().replaceAll(':', '-');
  const aside = `${path}.corrupt-${time}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
