/** The simulated hosts of a site. */
import { z } from 'zod';
import type { Database } from './database.ts';

/** A simulated machine as it was configured. */
export interface HostDefinition {
  name: string;
  domain0Uuid: string;
  memoryKiB: number;
  domain0KiB: number;
  pcpus: number;
  bandwidthBytesPerSecond: number;
  latencyMs: number;
  lossPercent: number;
  createdAtMs: number;
  /** No new domain is placed there. */
  drained: boolean;
}

const Row = z
  .object({
    name: z.string(),
    domain0_uuid: z.string(),
    memory_kib: z.number(),
    domain0_kib: z.number(),
    pcpus: z.number(),
    bandwidth_bytes_per_second: z.number(),
    latency_ms: z.number(),
    loss_percent: z.number(),
    created_at_ms: z.number(),
    drained: z.number(),
  })
  .transform((row): HostDefinition => ({
    name: row.name,
    domain0Uuid: row.domain0_uuid,
    memoryKiB: row.memory_kib,
    domain0KiB: row.domain0_kib,
    pcpus: row.pcpus,
    bandwidthBytesPerSecond: row.bandwidth_bytes_per_second,
    latencyMs: row.latency_ms,
    lossPercent: row.loss_percent,
    createdAtMs: row.created_at_ms,
    drained: row.drained === 1,
  }));

export class HostTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  all(): HostDefinition[] {
    return this.database.all(Row, 'SELECT * FROM hosts ORDER BY name');
  }

  insert(host: HostDefinition): void {
    this.database.run(
      `INSERT INTO hosts (name, domain0_uuid, memory_kib, domain0_kib, pcpus,
        bandwidth_bytes_per_second, latency_ms, loss_percent, created_at_ms, drained)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      host.name,
      host.domain0Uuid,
      host.memoryKiB,
      host.domain0KiB,
      host.pcpus,
      host.bandwidthBytesPerSecond,
      host.latencyMs,
      host.lossPercent,
      host.createdAtMs,
      host.drained ? 1 : 0,
    );
  }

  setDrained(name: string, drained: boolean): void {
    this.database.run('UPDATE hosts SET drained = ? WHERE name = ?', drained ? 1 : 0, name);
  }

  remove(name: string): void {
    this.database.run('DELETE FROM hosts WHERE name = ?', name);
  }
}
