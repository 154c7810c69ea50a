/** Ports of this machine that lead to guests. */
import { z } from 'zod';
import { Protocol } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

export interface ForwardDefinition {
  protocol: z.infer<typeof Protocol>;
  /** On 127.0.0.1; with the protocol it names the forward. */
  port: number;
  /** UUID. */
  domain: string;
  /** Of the domain's interfaces. */
  handle: number;
  toPort: number;
}

const Row = z
  .object({
    protocol: Protocol,
    port: z.int(),
    domain: z.string(),
    handle: z.int(),
    to_port: z.int(),
  })
  .transform(({ to_port: toPort, ...row }): ForwardDefinition => ({ ...row, toPort }));

export class ForwardTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  all(): ForwardDefinition[] {
    return this.database.all(Row, 'SELECT * FROM forwards ORDER BY port, protocol');
  }

  insert(forward: ForwardDefinition): void {
    this.database.run(
      'INSERT INTO forwards VALUES (?, ?, ?, ?, ?)',
      forward.protocol,
      forward.port,
      forward.domain,
      forward.handle,
      forward.toPort,
    );
  }

  remove({ protocol, port }: Pick<ForwardDefinition, 'protocol' | 'port'>): void {
    this.database.run('DELETE FROM forwards WHERE protocol = ? AND port = ?', protocol, port);
  }
}
