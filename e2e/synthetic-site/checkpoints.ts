/** Saved domains, checkpoints and clones, played. */
import type { Checkpoint, Domain, Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { Builder } from './builder.ts';
import { refuseTakenName, refuseUnless } from './commands.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const WORK_MS = 400;
const BYTES = 41_000_000;

export function savingRoutes(
  os: Builder,
  site: SyntheticSite,
  guest: (reference: string) => Domain,
) {
  return {
    save: os.domains.save.handler(({ input }) => save(site, guest(input.domain))),
    restore: os.domains.restore.handler(({ input }) => {
      throw new DomusError('state.unknown', `There is no file ${input.file}.`);
    }),
    clone: os.domains.clone.handler(({ input }) => clone(site, guest(input.domain), input.name)),
  };
}

export function checkpointRoutes(os: Builder, site: SyntheticSite) {
  const of = (reference: string) => {
    const domain = site.domain(reference);
    return { domain, list: site.checkpoints.get(domain.uuid) ?? [] };
  };
  return {
    list: os.checkpoints.list.handler(({ input }) => of(input.domain).list),
    create: os.checkpoints.create.handler(({ input }) => {
      const { domain, list } = of(input.domain);
      return create(site, domain, list, input.label ?? '2026-11-22 10:00:00');
    }),
    revert: os.checkpoints.revert.handler(({ input }) => {
      const { domain, list } = of(input.domain);
      return revert(site, domain, list, input.checkpoint);
    }),
    remove: os.checkpoints.remove.handler(({ input }) => {
      const { domain, list } = of(input.domain);
      return remove(site, domain, list, input.checkpoint);
    }),
  };
}

/** What the site has from the start: a line that was left once. */
export function someCheckpoints(site: SyntheticSite, domain: Domain): void {
  const at = (minutes: number): number => Date.now() - minutes * 60_000;
  const base = newCheckpoint(site, domain, 'fresh install', null, at(3000));
  const before = newCheckpoint(site, domain, 'before the upgrade', base.id, at(240));
  const tried = newCheckpoint(site, domain, 'with the new kernel', base.id, at(90));
  const list = [base, { ...before, isCurrent: true }, tried];
  store(site, domain, list);
}

function save(site: SyntheticSite, domain: Domain): Task {
  refuseUnless(domain, ['running', 'paused'], 'saved');
  return startTask(site, {
    kind: 'save',
    title: `Saving ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: WORK_MS,
    finish: () => {
      const last = site.domain(domain.uuid);
      const memory = { ...last.memory, actualKiB: 0 };
      site.update(last, { state: 'saved', domid: null, startedAtMs: null, memory });
      return { title: `Saved ${domain.name}` };
    },
  });
}

function clone(site: SyntheticSite, domain: Domain, name: string): Task {
  refuseUnless(domain, ['running'], 'cloned');
  refuseTakenName(site, name);
  return startTask(site, {
    kind: 'clone',
    title: `Cloning ${domain.name} to ${name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: WORK_MS,
    finish: () => {
      const copy = { ...domain, uuid: site.random.uuid(), name, domid: site.takeDomid() };
      site.domains.set(copy.uuid, copy);
      site.update(copy, { checkpoints: null, disks: [], interfaces: [] });
      return { title: `Cloned ${domain.name} to ${name} (0.6 s)` };
    },
  });
}

function create(
  site: SyntheticSite,
  domain: Domain,
  list: readonly Checkpoint[],
  label: string,
): Task {
  refuseUnless(domain, ['running', 'paused'], 'given a checkpoint');
  return startTask(site, {
    kind: 'checkpoint',
    title: `Making a checkpoint of ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: WORK_MS,
    finish: () => {
      const parent = list.find(({ isCurrent }) => isCurrent)?.id ?? null;
      const made = newCheckpoint(site, domain, label, parent, Date.now());
      store(site, domain, [...list, made], made.id);
      return { title: `Made checkpoint “${label}” of ${domain.name} (12 ms down)` };
    },
  });
}

function revert(
  site: SyntheticSite,
  domain: Domain,
  list: readonly Checkpoint[],
  ref: string,
): Task {
  const to = named(list, ref);
  return startTask(site, {
    kind: 'revert',
    title: `Reverting ${domain.name} to “${to.label}”`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: WORK_MS,
    finish: () => {
      store(site, domain, list, to.id);
      return { title: `Reverted ${domain.name} to “${to.label}”` };
    },
  });
}

function remove(
  site: SyntheticSite,
  domain: Domain,
  list: readonly Checkpoint[],
  ref: string,
): Task {
  const gone = named(list, ref);
  return startTask(site, {
    kind: 'checkpoint-delete',
    title: `Deleting checkpoint “${gone.label}” of ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: WORK_MS,
    finish: () => {
      const left = list
        .filter((one) => one !== gone)
        .map((one) => (one.parent === gone.id ? { ...one, parent: gone.parent } : one));
      const current = gone.isCurrent ? gone.parent : undefined;
      store(site, domain, left, current);
      return { title: `Deleted checkpoint “${gone.label}” of ${domain.name}` };
    },
  });
}

function named(list: readonly Checkpoint[], ref: string): Checkpoint {
  const found = list.find(({ id, label }) => id === ref || label === ref);
  if (found) return found;
  throw new DomusError('checkpoint.unknown', `There is no checkpoint ${ref}.`);
}

/** @param current id of the one it goes on from; where it is left out, as it was */
function store(
  site: SyntheticSite,
  domain: Domain,
  list: readonly Checkpoint[],
  current?: string | null,
): void {
  const all =
    current === undefined
      ? [...list]
      : list.map((one) => ({ ...one, isCurrent: one.id === current }));
  site.checkpoints.set(domain.uuid, all);
  const now = all.find(({ isCurrent }) => isCurrent)?.id ?? null;
  const checkpoints = all.length === 0 ? null : { count: all.length, current: now };
  site.update(site.domain(domain.uuid), { checkpoints });
}

function newCheckpoint(
  site: SyntheticSite,
  domain: Domain,
  label: string,
  parent: string | null,
  createdAtMs: number,
): Checkpoint {
  const lines = [
    `${domain.name} login: root (automatic login)`,
    '',
    `root@${domain.name}:~# uptime`,
    ' 10:02:11 up 4 min,  0 users,  load average: 0.08, 0.12, 0.06',
    `root@${domain.name}:~# # ${label}`,
    `root@${domain.name}:~#`,
  ];
  return {
    id: site.random.uuid(),
    domain: domain.uuid,
    parent,
    label,
    createdAtMs,
    bytes: BYTES,
    disks: domain.disks.map(({ source }) => source),
    picture: { columns: 80, rows: 24, lines: [...lines, ...Array<string>(18).fill('')] },
    isCurrent: false,
  };
}
