/** The network interfaces of domains, each with the address that it keeps. */
import { z } from 'zod';
import { AccessList } from '../../../shared/contract/index.ts';
import type { Interface } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

export type InterfaceDefinition = Interface;

const Access = z.string().transform((text, context): AccessList => {
  try {
    return AccessList.parse(JSON.parse(text));
  } catch (error) {
    context.addIssue(`an access list cannot be read: ${String(error)}`);
    return z.NEVER;
  }
});

const Row = z
  .object({
    domain: z.string(),
    handle: z.int(),
    network: z.string(),
    mac: z.string(),
    address: z.string(),
    link_up: z.number(),
    send_limit: z.number().nullable(),
    receive_limit: z.number().nullable(),
    access: Access,
  })
  .transform((row): { domain: string; definition: InterfaceDefinition } => ({
    domain: row.domain,
    definition: {
      handle: row.handle,
      network: row.network,
      mac: row.mac,
      address: row.address,
      linkUp: row.link_up === 1,
      sendLimitBytesPerSecond: row.send_limit,
      receiveLimitBytesPerSecond: row.receive_limit,
      access: row.access,
    },
  }));

export class InterfaceTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** By the UUID of their domain, in the order of their handles. */
  all(): Map<string, InterfaceDefinition[]> {
    const found = new Map<string, InterfaceDefinition[]>();
    const rows = this.database.all(Row, 'SELECT * FROM interfaces ORDER BY domain, handle');
    for (const { domain, definition } of rows) {
      found.set(domain, [...(found.get(domain) ?? []), definition]);
    }
    return found;
  }

  /** All of a domain's, in place of those that it had. The caller holds a transaction. */
  replace(domain: string, interfaces: readonly InterfaceDefinition[]): void {
    this.database.run('DELETE FROM interfaces WHERE domain = ?', domain);
    for (const one of interfaces) {
      this.database.run(
        'INSERT INTO interfaces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        domain,
        one.handle,
        one.network,
        one.mac,
        one.address,
        one.linkUp ? 1 : 0,
        one.sendLimitBytesPerSecond,
        one.receiveLimitBytesPerSecond,
        JSON.stringify(one.access),
      );
    }
  }
}
