/** Definitions of domains, and what is known of their last life. */
import { z } from 'zod';
import { Disk, OnShutdown } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';
import { InterfaceTable } from './interface-table.ts';
import type { InterfaceDefinition } from './interface-table.ts';

/** How a start makes a running guest: from the image's golden snapshot, or through its kernel's boot. */
export type BootMode = 'clone' | 'cold';

/** A disk as it was configured; its size as it was when it was last open. */
export type DiskDefinition = Disk;

/** What a person configured. */
export interface DomainDefinition {
  uuid: string;
  name: string;
  host: string;
  image: string;
  vcpus: number;
  memoryKiB: number;
  maxMemoryKiB: number;
  boot: BootMode;
  onPoweroff: OnShutdown;
  onReboot: OnShutdown;
  onCrash: OnShutdown;
  createdAtMs: number;
  disks: DiskDefinition[];
  interfaces: InterfaceDefinition[];
}

/** How its last life ended, or `runningDomid` of the one that it has. */
export interface DomainFate {
  runningDomid: number | null;
  endedAs: 'shut-off' | 'saved' | 'crashed';
  reason: string | null;
  /** The program ended while it ran. */
  wasRunning: boolean;
}

export interface StoredDomain {
  definition: DomainDefinition;
  fate: DomainFate;
  deletedAtMs: number | null;
}

const Disks = z.string().transform((text, context): Disk[] => {
  try {
    return Disk.array().parse(JSON.parse(text));
  } catch (error) {
    context.addIssue(`its disks cannot be read: ${String(error)}`);
    return z.NEVER;
  }
});

const Row = z
  .object({
    uuid: z.string(),
    name: z.string(),
    host: z.string(),
    image: z.string(),
    vcpus: z.number(),
    memory_kib: z.number(),
    max_memory_kib: z.number(),
    boot: z.enum(['clone', 'cold']),
    on_poweroff: OnShutdown,
    on_reboot: OnShutdown,
    on_crash: OnShutdown,
    created_at_ms: z.number(),
    deleted_at_ms: z.number().nullable(),
    running_domid: z.number().nullable(),
    ended_as: z.enum(['shut-off', 'saved', 'crashed']),
    reason: z.string().nullable(),
    was_running: z.number(),
    disks: Disks,
  })
  .transform((row): StoredDomain => ({
    definition: {
      uuid: row.uuid,
      name: row.name,
      host: row.host,
      image: row.image,
      vcpus: row.vcpus,
      memoryKiB: row.memory_kib,
      maxMemoryKiB: row.max_memory_kib,
      boot: row.boot,
      onPoweroff: row.on_poweroff,
      onReboot: row.on_reboot,
      onCrash: row.on_crash,
      createdAtMs: row.created_at_ms,
      disks: row.disks,
      interfaces: [],
    },
    fate: {
      runningDomid: row.running_domid,
      endedAs: row.ended_as,
      reason: row.reason,
      wasRunning: row.was_running === 1,
    },
    deletedAtMs: row.deleted_at_ms,
  }));

export class DomainTable {
  private readonly database: Database;
  private readonly interfaces: InterfaceTable;

  constructor(database: Database) {
    this.database = database;
    this.interfaces = new InterfaceTable(database);
  }

  all(): StoredDomain[] {
    const interfaces = this.interfaces.all();
    const domains = this.database.all(Row, 'SELECT * FROM domains ORDER BY created_at_ms, name');
    return domains.map(({ definition, ...stored }) => ({
      ...stored,
      definition: { ...definition, interfaces: interfaces.get(definition.uuid) ?? [] },
    }));
  }

  insert(domain: DomainDefinition, fate: DomainFate): void {
    this.database.transaction(() => {
      this.insertRow(domain, fate);
      this.interfaces.replace(domain.uuid, domain.interfaces);
    });
  }

  /** Name, host, boot mode, memory, disks and interfaces: what can change after the creation. */
  update(domain: DomainDefinition): void {
    this.database.transaction(() => {
      this.updateRow(domain);
      this.interfaces.replace(domain.uuid, domain.interfaces);
    });
  }

  /** As {@link Database.whenCommitted}. */
  whenCommitted(work: () => void): void {
    this.database.whenCommitted(work);
  }

  setFate(uuid: string, fate: DomainFate): void {
    this.database.run(
      'UPDATE domains SET running_domid = ?, ended_as = ?, reason = ?, was_running = ? WHERE uuid = ?',
      ...fateValues(fate),
      uuid,
    );
  }

  /** Hides it, or takes that back (`null`). */
  setDeleted(uuid: string, deletedAtMs: number | null): void {
    this.database.run('UPDATE domains SET deleted_at_ms = ? WHERE uuid = ?', deletedAtMs, uuid);
  }

  /** With the record of a move that could not be taken away when that was over. */
  remove(uuid: string): void {
    this.database.transaction(() => {
      this.database.run('DELETE FROM moves WHERE uuid = ?', uuid);
      this.database.run('DELETE FROM domains WHERE uuid = ?', uuid);
    });
  }

  private insertRow(domain: DomainDefinition, fate: DomainFate): void {
    this.database.run(
      `INSERT INTO domains VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)`,
      domain.uuid,
      domain.name,
      domain.host,
      domain.image,
      domain.vcpus,
      domain.memoryKiB,
      domain.maxMemoryKiB,
      domain.boot,
      domain.onPoweroff,
      domain.onReboot,
      domain.onCrash,
      domain.createdAtMs,
      ...fateValues(fate),
      JSON.stringify(domain.disks),
    );
  }

  private updateRow(domain: DomainDefinition): void {
    this.database.run(
      'UPDATE domains SET name = ?, host = ?, boot = ?, memory_kib = ?, max_memory_kib = ?, disks = ? WHERE uuid = ?',
      domain.name,
      domain.host,
      domain.boot,
      domain.memoryKiB,
      domain.maxMemoryKiB,
      JSON.stringify(domain.disks),
      domain.uuid,
    );
  }
}

function fateValues(fate: DomainFate): [number | null, string, string | null, number] {
  return [fate.runningDomid, fate.endedAs, fate.reason, fate.wasRunning ? 1 : 0];
}
