/** The domains of the site: found by name or UUID, their changes stored and told. */
import type { Domain } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { Growing } from '../placement/memory-ledger.ts';
import type { DomainDefinition, DomainTable } from '../store/domain-table.ts';
import type { SettingTable } from '../store/setting-table.ts';
import type { Step } from './life.ts';
import { ManagedDomain } from './managed-domain.ts';

/** Names that lists give to something else. */
const RESERVED = new Set(['domain-0', 'dom0']);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** `DOMID_FIRST_RESERVED` of Xen is 0x7FF0. */
const LAST_DOMID = 0x7fef;

export interface DomainRegistryOptions {
  table: DomainTable;
  settings: SettingTable;
  changed(domain: ManagedDomain): void;
  removed(uuid: string): void;
}

export class DomainRegistry {
  private readonly options: DomainRegistryOptions;
  private readonly domains = new Map<string, ManagedDomain>();

  constructor(options: DomainRegistryOptions) {
    this.options = options;
    for (const stored of options.table.all()) {
      this.domains.set(stored.definition.uuid, new ManagedDomain(stored));
    }
  }

  /** Those that are not deleted, by name. */
  all(): ManagedDomain[] {
    return this.everything()
      .filter((domain) => domain.deletedAtMs === null)
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  /** Deleted ones too. */
  everything(): ManagedDomain[] {
    return [...this.domains.values()];
  }

  views(): Domain[] {
    return this.all().map((domain) => domain.view);
  }

  byUuid(uuid: string): ManagedDomain | undefined {
    return this.domains.get(uuid);
  }

  /** The domain that runs with this domid, whatever it is called. */
  byDomid(domid: number): ManagedDomain | undefined {
    return this.everything().find((domain) => domain.running?.domid === domid);
  }

  /** By UUID or name. Error `domain.unknown`. */
  resolve(ref: string): ManagedDomain {
    const found = this.all().find(({ uuid, name }) => uuid === ref.toLowerCase() || name === ref);
    if (found) return found;
    throw new DomusError('domain.unknown', `There is no domain ${ref}. "domus list" names them.`, {
      data: { domain: ref },
    });
  }

  /** Error `domain.unknown` unless a deleted domain has this name or UUID. */
  resolveDeleted(ref: string): ManagedDomain {
    const found = this.everything()
      .filter((domain) => domain.deletedAtMs !== null)
      .sort((a, b) => b.deletedAtMs! - a.deletedAtMs!)
      .find(({ uuid, name }) => uuid === ref.toLowerCase() || name === ref);
    if (found) return found;
    throw new DomusError(
      'domain.unknown',
      `No deleted domain ${ref} can be taken back: deletions last until the program ends.`,
      { data: { domain: ref } },
    );
  }

  /** Errors `domain.name-reserved`, `domain.exists`. `except` may keep its own. */
  requireNameFree(name: string, except?: ManagedDomain): void {
    if (RESERVED.has(name.toLowerCase()) || UUID.test(name)) {
      throw new DomusError('domain.name-reserved', `A domain cannot be called ${name}.`, {
        data: { name },
      });
    }
    const taken = this.all().find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (!taken || taken === except) return;
    throw new DomusError(
      'domain.exists',
      `There is a domain ${taken.name} already. Choose another name.`,
      { data: { domain: taken.name } },
    );
  }

  insert(definition: DomainDefinition): ManagedDomain {
    const domain = unborn(definition);
    this.keep(domain);
    this.add(domain);
    return domain;
  }

  /** As {@link insert}, of one that a program which is killed forgets, until {@link keep}. */
  introduce(definition: DomainDefinition): ManagedDomain {
    const domain = unborn(definition);
    this.add(domain);
    return domain;
  }

  keep(domain: ManagedDomain): void {
    this.options.table.insert(domain.definition, domain.fate);
  }

  private add(domain: ManagedDomain): void {
    this.domains.set(domain.uuid, domain);
    this.options.changed(domain);
  }

  /** Takes a step of its life, stores what must outlive the program, and tells. */
  advance(domain: ManagedDomain, step: Step): void {
    const before = JSON.stringify(domain.fate);
    domain.advance(step);
    if (JSON.stringify(domain.fate) !== before) {
      this.options.table.setFate(domain.uuid, domain.fate);
    }
    this.options.changed(domain);
  }

  /** Within a transaction: its definition is the old one until that is committed. */
  redefine(domain: ManagedDomain, change: Partial<DomainDefinition>): void {
    const { table, changed } = this.options;
    const definition = { ...domain.definition, ...change };
    table.update(definition);
    table.whenCommitted(() => {
      domain.definition = definition;
      changed(domain);
    });
  }

  setDeleted(domain: ManagedDomain, deletedAtMs: number | null): void {
    this.options.table.setDeleted(domain.uuid, deletedAtMs);
    domain.deletedAtMs = deletedAtMs;
    if (deletedAtMs === null) this.options.changed(domain);
    else this.options.removed(domain.uuid);
  }

  /** For good. */
  remove(domain: ManagedDomain): void {
    const { table, removed } = this.options;
    table.remove(domain.uuid);
    table.whenCommitted(() => {
      this.domains.delete(domain.uuid);
      if (domain.deletedAtMs === null) removed(domain.uuid);
    });
  }

  /** Something of its view changed that is not stored. */
  tell(domain: ManagedDomain): void {
    this.options.changed(domain);
  }

  /** A domid no domain has, and none had for long. */
  newDomid(): number {
    const used = new Set(this.everything().map((domain) => domain.running?.domid));
    let domid = Number(this.options.settings.get('lastDomid') ?? 0);
    do domid = domid >= LAST_DOMID ? 1 : domid + 1;
    while (used.has(domid));
    this.options.settings.set('lastDomid', String(domid));
    return domid;
  }

  *growing(host: string): Iterable<Growing> {
    for (const { running } of this.domains.values()) {
      if (running?.host.name === host) {
        yield { targetKiB: running.targetKiB, actualKiB: running.actualKiB };
      }
    }
  }
}

function unborn(definition: DomainDefinition): ManagedDomain {
  return new ManagedDomain({
    definition,
    fate: { runningDomid: null, endedAs: 'shut-off', reason: null, wasRunning: false },
    deletedAtMs: null,
  });
}
