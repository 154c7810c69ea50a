/**
 * Where the `site.watch` stream lies in the query cache. Nothing under `site` is ever fetched: the
 * feed writes, views read.
 */
import type { Domain } from '../../shared/contract/index.ts';

export const keys = {
  all: ['site'],
  hosts: ['site', 'hosts'],
  roster: ['site', 'roster'],
  tasks: ['site', 'tasks'],
  images: ['site', 'images'],
  pools: ['site', 'pools'],
  networking: ['site', 'networking'],
  moves: ['site', 'moves'],
  events: ['site', 'events'],
  domain: (uuid: string) => ['site', 'domain', uuid],
} as const;

/**
 * What lists need of a domain to place it. It changes seldom, so that a list is drawn anew only
 * when a row comes, goes, moves or is renamed; the rest of a domain is read by its own row.
 */
export interface RosterEntry {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly isDomain0: boolean;
  readonly state: Domain['state'];
  readonly wasRunning: boolean;
  readonly address: string | null;
}

export function rosterEntry(domain: Domain): RosterEntry {
  const { uuid, name, host, isDomain0, state, wasRunning, address } = domain;
  return { uuid, name, host, isDomain0, state, wasRunning, address };
}
