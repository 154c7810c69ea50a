import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Domain, Move, SiteChange, Task } from '../../shared/contract/schemas.ts';
import { applyChanges } from './apply-changes.ts';
import { keys, type RosterEntry } from './keys.ts';

function domain(uuid: string, change: Partial<Domain> = {}): Domain {
  return {
    uuid,
    name: uuid,
    domid: 1,
    host: 'alpha',
    state: 'running',
    reason: null,
    wasRunning: false,
    isDomain0: false,
    protection: null,
    image: 'debian',
    vcpus: 1,
    memory: { actualKiB: 1, targetKiB: 1, minimumKiB: 1, maximumKiB: 1 },
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'preserve',
    createdAtMs: 0,
    startedAtMs: 0,
    address: null,
    disks: [],
    interfaces: [],
    checkpoints: null,
    ...change,
  };
}

function task(id: string, state: Task['state'] = 'running'): Task {
  return {
    id,
    kind: 'create',
    title: id,
    domain: null,
    host: null,
    state,
    progress: null,
    detail: null,
    error: null,
    result: null,
    startedAtMs: 0,
    endedAtMs: null,
    cancellable: false,
    undo: null,
  };
}

const snapshot = (...domains: Domain[]): SiteChange => ({
  type: 'snapshot',
  hosts: [],
  domains,
  tasks: [],
  images: [],
  pools: [],
  networking: { networks: [], forwards: [], captures: [] },
  moves: [],
});

function move(id: string, state: Move['state'] = 'running'): Move {
  return {
    id,
    domain: 'web1',
    from: 'alpha',
    to: 'beta',
    state,
    startedAtMs: 0,
    endedAtMs: null,
    rounds: [],
    current: null,
    longStopMs: null,
    outcome: null,
    error: null,
  };
}

describe('the stream of the site in the query cache', () => {
  let cache: QueryClient;
  const roster = () => cache.getQueryData<readonly RosterEntry[]>(keys.roster);

  beforeEach(() => {
    cache = new QueryClient();
  });

  it('holds each domain by itself and a roster sorted by name, numbers by value', () => {
    applyChanges(cache, [snapshot(domain('web10'), domain('web2'), domain('db1'))]);
    expect(roster()?.map((entry) => entry.name)).toEqual(['db1', 'web2', 'web10']);
    expect(cache.getQueryData(keys.domain('web2'))).toMatchObject({ uuid: 'web2' });
  });

  it('leaves the roster alone when a domain changed in what lists do not show', () => {
    applyChanges(cache, [snapshot(domain('web1'))]);
    const before = roster();
    const memory = { actualKiB: 2, targetKiB: 2, minimumKiB: 1, maximumKiB: 4 };
    applyChanges(cache, [{ type: 'domain', domain: domain('web1', { memory }) }]);
    expect(roster()).toBe(before);
    expect(cache.getQueryData(keys.domain('web1'))).toMatchObject({ memory });
  });

  it('keeps the entries of other domains the same objects', () => {
    applyChanges(cache, [snapshot(domain('web1'), domain('web2'))]);
    const [first] = roster()!;
    applyChanges(cache, [{ type: 'domain', domain: domain('web2', { host: 'beta' }) }]);
    expect(roster()?.[0]).toBe(first);
    expect(roster()?.[1]?.host).toBe('beta');
  });

  it('forgets what a later snapshot does not have', () => {
    applyChanges(cache, [snapshot(domain('web1'), domain('web2'))]);
    applyChanges(cache, [snapshot(domain('web2'))]);
    expect(roster()?.map((entry) => entry.uuid)).toEqual(['web2']);
    expect(cache.getQueryData(keys.domain('web1'))).toBeUndefined();
  });

  it('takes a domain out, and back in when the deletion is undone', () => {
    applyChanges(cache, [snapshot(domain('web1')), { type: 'domain-removed', uuid: 'web1' }]);
    expect(roster()).toEqual([]);
    applyChanges(cache, [{ type: 'domain', domain: domain('web1') }]);
    expect(roster()).toHaveLength(1);
  });

  it('holds storage and networks as the last change told them', () => {
    const networking = { networks: [], forwards: [], captures: [] };
    applyChanges(cache, [snapshot()]);
    expect(cache.getQueryData(keys.pools)).toEqual([]);
    expect(cache.getQueryData(keys.networking)).toEqual(networking);
    const lan = {
      name: 'lan',
      kind: 'isolated' as const,
      subnet: '10.77.0.0/24',
      gateway: '10.77.0.1',
      mtu: 1500,
      reachesMachine: false,
    };
    applyChanges(cache, [
      { type: 'networking', networking: { ...networking, networks: [lan] } },
      { type: 'pools', pools: [] },
    ]);
    expect(cache.getQueryData(keys.networking)).toMatchObject({ networks: [{ name: 'lan' }] });
  });

  it('has the newest move first, and forgets one that ended while nobody was told', () => {
    const seen = () =>
      cache.getQueryData<readonly Move[]>(keys.moves)?.map(({ id, state }) => `${id} ${state}`);
    applyChanges(cache, [snapshot(), { type: 'move', move: move('a') }]);
    applyChanges(cache, [
      { type: 'move', move: move('b') },
      { type: 'move', move: move('a', 'done') },
    ]);
    expect(seen()).toEqual(['b running', 'a done']);
    const again = snapshot() as Extract<SiteChange, { type: 'snapshot' }>;
    applyChanges(cache, [{ ...again, moves: [move('c')] }]);
    expect(seen()).toEqual(['c running', 'a done']);
  });

  it('tells lists when an address comes or goes', () => {
    applyChanges(cache, [snapshot(domain('web1'))]);
    applyChanges(cache, [{ type: 'domain', domain: domain('web1', { address: '10.77.0.2' }) }]);
    expect(roster()?.[0]?.address).toBe('10.77.0.2');
  });

  it('has the newest task first, and forgets only ended ones', () => {
    applyChanges(cache, [snapshot(), { type: 'task', task: task('first') }]);
    const many = Array.from({ length: 400 }, (_, index) => task(`t${index}`, 'done'));
    applyChanges(
      cache,
      many.map((one) => ({ type: 'task', task: one })),
    );
    const tasks = cache.getQueryData<readonly Task[]>(keys.tasks)!;
    expect(tasks[0]?.id).toBe('t399');
    expect(tasks.at(-1)?.id).toBe('first');
    expect(tasks.length).toBeLessThanOrEqual(301);
  });
});
