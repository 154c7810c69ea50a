import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { definition, host } from '../testing/records.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { recover } from './recover.ts';
import { Store } from './store.ts';

function guarded(): { store: Store; uuid: string; hostOf(): string } {
  const { store } = Store.open(join(temporaryFolder(), 'domus.db'));
  for (const name of ['alpha', 'beta']) store.hosts.insert(host(name));
  const web = definition('web', 'alpha');
  store.domains.insert(web, {
    runningDomid: 1,
    endedAs: 'shut-off',
    reason: null,
    wasRunning: false,
  });
  const { uuid } = web;
  store.protections.begin({ uuid, source: 'alpha', standby: 'beta', sinceMs: 1 });
  return { store, uuid, hostOf: () => store.domains.all()[0]!.definition.host };
}

describe('the record of a protection', () => {
  test('makes the domain the standby’s when it succeeds, and is used up by that', () => {
    const { store, uuid, hostOf } = guarded();
    store.protections.succeed(uuid);
    expect(hostOf()).toBe('beta');
    expect(store.protections.all()).toEqual([]);
    store.close();
  });

  test('changes nothing when it is ended, and does not outlive its domain', () => {
    const { store, uuid, hostOf } = guarded();
    store.protections.end(uuid);
    expect(hostOf()).toBe('alpha');
    store.protections.begin({ uuid, source: 'alpha', standby: 'beta', sinceMs: 2 });
    store.domains.remove(uuid);
    expect(store.protections.all()).toEqual([]);
    store.close();
  });

  test('ends with the program, which took both with it', () => {
    const { store, hostOf } = guarded();
    expect(recover(store).wereRunning).toEqual(['web']);
    expect([hostOf(), store.protections.all()]).toEqual(['alpha', []]);
    store.close();
  });
});
