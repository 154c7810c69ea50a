/** The networks of a site. */
import { z } from 'zod';
import { NetworkKind } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

/** What a person configured. */
export interface NetworkDefinition {
  /** Names it on the links between hosts: never used again. */
  number: number;
  name: string;
  kind: NetworkKind;
  /** `10.77.0.0/24` */
  subnet: string;
  mtu: number;
  /** Only where `kind` is `outside`. */
  reachesMachine: boolean;
  createdAtMs: number;
}

const Row = z
  .object({
    number: z.int(),
    name: z.string(),
    kind: NetworkKind,
    subnet: z.string(),
    mtu: z.int(),
    reaches_machine: z.number(),
    created_at_ms: z.number(),
  })
  .transform((row): NetworkDefinition => ({
    number: row.number,
    name: row.name,
    kind: row.kind,
    subnet: row.subnet,
    mtu: row.mtu,
    reachesMachine: row.reaches_machine === 1,
    createdAtMs: row.created_at_ms,
  }));

export class NetworkTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  all(): NetworkDefinition[] {
    return this.database.all(Row, 'SELECT * FROM networks ORDER BY number');
  }

  /** With the number that it got. */
  insert(network: Omit<NetworkDefinition, 'number'>): NetworkDefinition {
    const [inserted] = this.database.all(
      Row,
      'INSERT INTO networks VALUES (NULL, ?, ?, ?, ?, ?, ?) RETURNING *',
      network.name,
      network.kind,
      network.subnet,
      network.mtu,
      network.reachesMachine ? 1 : 0,
      network.createdAtMs,
    );
    return inserted!;
  }

  /** Kind and reach: what can change. */
  update(network: NetworkDefinition): void {
    this.database.run(
      'UPDATE networks SET kind = ?, reaches_machine = ? WHERE number = ?',
      network.kind,
      network.reachesMachine ? 1 : 0,
      network.number,
    );
  }

  remove(number: number): void {
    this.database.run('DELETE FROM networks WHERE number = ?', number);
  }
}
