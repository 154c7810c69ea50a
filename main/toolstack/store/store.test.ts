import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Move } from '../../../shared/contract/index.ts';
import { killChild, startChild } from '../testing/child.ts';
import { definition, host } from '../testing/records.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { InterfaceDefinition } from './interface-table.ts';
import { recover } from './recover.ts';
import { SCHEMA_STEPS } from './schema.ts';
import { Database } from './database.ts';
import { Store } from './store.ts';

const RESTING = {
  runningDomid: null,
  endedAs: 'shut-off',
  reason: null,
  wasRunning: false,
} as const;

function open(path: string): Store {
  const { store, setAside } = Store.open(path);
  expect(setAside).toBeNull();
  return store;
}

function move(domain: string, number: number): Move {
  return {
    id: `move ${number}`,
    domain,
    from: 'alpha',
    to: 'beta',
    state: 'done',
    startedAtMs: number,
    endedAtMs: number + 1,
    rounds: [
      {
        number: 1,
        pages: 9,
        bytes: 99,
        ms: 1,
        dirtied: 3,
        rate: 1e6,
        throttlePercent: 0,
        estimatedStopMs: 5.5,
      },
    ],
    current: null,
    longStopMs: null,
    outcome: {
      downtimeMs: 4.5,
      totalMs: 9,
      bytes: 120,
      pages: 9,
      stopReason: 'few-left',
      disks: [],
      verified: true,
    },
    error: null,
  };
}

function filled(path: string): void {
  const store = open(path);
  store.hosts.insert(host('alpha'));
  store.hosts.insert(host('beta'));
  store.domains.insert(definition('web1', 'alpha'), RESTING);
  store.close();
}

describe('what a site keeps', () => {
  test('definitions come back as they were', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const store = open(path);
    expect(store.hosts.all()).toEqual([host('alpha'), host('beta')]);
    expect(store.domains.all()).toEqual([
      { definition: definition('web1', 'alpha'), fate: RESTING, deletedAtMs: null },
    ]);
    store.close();
  });

  test('disks are kept, and changed', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const disk = {
      name: 'xvda',
      source: '/a',
      format: 'raw',
      readOnly: true,
      discard: true,
      onError: 'pause',
    } as const;
    const withDisk = { ...definition('web1', 'alpha'), disks: [{ ...disk, bytes: 512 }] };
    const store = open(path);
    store.domains.update(withDisk);
    store.close();
    const again = open(path);
    expect(again.domains.all()[0]!.definition).toEqual(withDisk);
    again.close();
  });

  test('interfaces are kept, and changed, and go with their domain', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const store = open(path);
    const lan = { kind: 'isolated', mtu: 1500, reachesMachine: false, createdAtMs: 1 } as const;
    store.networks.insert({ ...lan, name: 'lan', subnet: '10.0.0.0/24' });
    const one: InterfaceDefinition = {
      handle: 0,
      network: 'lan',
      mac: '00:16:3e:00:00:01',
      address: '10.0.0.2',
      linkUp: true,
      sendLimitBytesPerSecond: null,
      receiveLimitBytesPerSecond: 1e6,
      access: { rules: [], otherwise: 'deny' },
    };
    const web2 = { ...definition('web2', 'alpha'), interfaces: [one] };
    store.domains.insert(web2, RESTING);
    store.domains.update({ ...web2, interfaces: [{ ...one, linkUp: false }] });
    const web1 = definition('web1', 'alpha');
    expect(() => store.domains.update({ ...web1, interfaces: [{ ...one, handle: 1 }] })).toThrow();
    store.forwards.insert({ protocol: 'tcp', port: 80, domain: web2.uuid, handle: 0, toPort: 8 });
    store.close();
    const again = open(path);
    const kept = again.domains.all().map((stored) => stored.definition.interfaces);
    expect(kept).toContainEqual([{ ...one, linkUp: false }]);
    expect(kept).toContainEqual([]);
    expect(again.forwards.all()).toHaveLength(1);
    again.domains.remove(web2.uuid);
    expect(again.forwards.all()).toEqual([]);
    again.close();
  });

  test('a database from before there were disks has domains without', () => {
    const path = join(temporaryFolder(), 'domus.db');
    const sqlite = new DatabaseSync(path);
    sqlite.exec(`${SCHEMA_STEPS[0]} PRAGMA user_version = 1;
      INSERT INTO hosts VALUES ('alpha', 'u', 1, 1, 1, 1, 1, 1);
      INSERT INTO domains VALUES ('u', 'old', 'alpha', 'i', 1, 1, 1, 'clone', 'destroy', 'restart',
        'destroy', 1, NULL, NULL, 'shut-off', NULL, 0);`);
    sqlite.close();
    const store = open(path);
    expect(store.domains.all()[0]!.definition).toMatchObject({ name: 'old', disks: [] });
    store.close();
  });

  test('two domains cannot have one name, but a deleted one frees its own', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const store = open(path);
    const again = { ...definition('web1', 'alpha'), uuid: crypto.randomUUID() };
    expect(() => store.domains.insert(again, RESTING)).toThrow(/UNIQUE/);
    store.domains.setDeleted(definition('web1', 'alpha').uuid, 1);
    store.domains.insert(again, RESTING);
    expect(store.domains.all()).toHaveLength(2);
    store.close();
  });

  test('moves are kept with their rounds, so many of a domain, and go with it', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const store = open(path);
    const web1 = definition('web1', 'alpha');
    const web2 = definition('web2', 'alpha');
    store.domains.insert(web2, RESTING);
    store.moveHistory.save(move(web2.uuid, 0));
    for (let number = 1; number <= 53; number++) {
      store.moveHistory.save({ ...move(web1.uuid, number), state: 'running' });
      store.moveHistory.save(move(web1.uuid, number));
    }
    store.close();
    const again = open(path);
    const kept = again.moveHistory.of(web1.uuid);
    expect(kept.map(({ id }) => id)).toEqual(
      Array.from({ length: 50 }, (_, index) => `move ${53 - index}`),
    );
    expect(kept[0]).toEqual(move(web1.uuid, 53));
    expect(again.moveHistory.find('move 2')).toBeUndefined();
    again.domains.remove(web1.uuid);
    expect(again.moveHistory.of(web1.uuid)).toEqual([]);
    expect(again.moveHistory.of(web2.uuid)).toEqual([move(web2.uuid, 0)]);
    again.close();
  });

  test('a move that another version has measured is left out, and those beside it are not', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const { uuid } = definition('web1', 'alpha');
    const store = open(path);
    for (const number of [1, 2]) store.moveHistory.save(move(uuid, number));
    const sqlite = new DatabaseSync(path);
    sqlite.exec(`UPDATE move_history SET record = '{"id":"move 1"}' WHERE id = 'move 1'`);
    sqlite.close();
    expect(store.moveHistory.of(uuid)).toEqual([move(uuid, 2)]);
    store.close();
  });

  test('a transaction that fails leaves nothing', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    expect(() =>
      store.transaction(() => {
        store.hosts.insert(host('alpha'));
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    expect(store.hosts.all()).toEqual([]);
    store.close();
  });

  test('what is so beside it is so once it is committed, and never when that fails', () => {
    const path = join(temporaryFolder(), 'domus.db');
    const database = Database.open(path);
    const done: string[] = [];
    database.whenCommitted(() => done.push('alone'));
    database.transaction(() => {
      database.transaction(() => database.whenCommitted(() => done.push('within')));
      expect(done).toEqual(['alone']);
    });
    expect(done).toEqual(['alone', 'within']);
    // The writes are fine each by itself: it is the commit that fails.
    database.run('CREATE TABLE one (id INTEGER PRIMARY KEY)');
    database.run(
      'CREATE TABLE other (id INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED)',
    );
    expect(() =>
      database.transaction(() => {
        database.run('INSERT INTO other VALUES (7)');
        database.whenCommitted(() => done.push('failed'));
      }),
    ).toThrow();
    database.transaction(() => undefined);
    expect(done).toEqual(['alone', 'within']);
    database.close();
  });

  test('events are bounded, the newest stay', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    store.transaction(() => {
      for (let timeMs = 0; timeMs < 10_600; timeMs++) {
        const event = { severity: 'info', kind: 'test', message: '', domain: null, host: null };
        store.events.append({ ...event, severity: 'info', timeMs });
      }
    });
    const kept = store.events.newest(20_000);
    expect(kept.length).toBeLessThanOrEqual(10_500);
    expect(kept.at(-1)?.timeMs).toBe(10_599);
    store.close();
  });
});

describe('a damaged database', () => {
  const damages: [string, (path: string) => void][] = [
    ['overwritten with noise', (path) => writeFileSync(path, Buffer.alloc(20_000, 0x5a))],
    ['cut to half', (path) => truncateSync(path, readFileSync(path).length / 2)],
    ['emptied', (path) => truncateSync(path, 0)],
    [
      'with pages in its middle gone',
      (path) => {
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4096, bytes.length - 4096);
        writeFileSync(path, bytes);
      },
    ],
    [
      'of another program',
      (path) => {
        writeFileSync(path, '');
        const other = new DatabaseSync(path);
        other.exec('CREATE TABLE recipes (name TEXT)');
        other.close();
      },
    ],
    [
      'with a row that is none of ours',
      (path) => {
        const other = new DatabaseSync(path);
        other.exec(`UPDATE domains SET boot = 'never'`);
        other.close();
      },
    ],
  ];
  test.each(damages)('%s is set aside, and a new one started', (_, damage) => {
    const folder = temporaryFolder();
    const path = join(folder, 'domus.db');
    filled(path);
    damage(path);
    const damaged = readFileSync(path);
    const { store, setAside } = Store.open(path);
    expect(setAside).toMatch(/domus\.db\.corrupt-/);
    expect(readFileSync(setAside!)).toEqual(damaged);
    expect(store.domains.all()).toEqual([]);
    store.hosts.insert(host('alpha'));
    store.close();
    expect(open(path).hosts.all()).toHaveLength(1);
  });

  test('of a newer version is refused and left as it is', () => {
    const path = join(temporaryFolder(), 'domus.db');
    filled(path);
    const other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 999');
    other.close();
    expect(() => Store.open(path)).toThrow(expect.objectContaining({ code: 'store.too-new' }));
    expect(existsSync(path)).toBe(true);
  });

  test('any flipped byte is either harmless or found: opening never throws', () => {
    const folder = temporaryFolder();
    const pristine = join(folder, 'pristine.db');
    filled(pristine);
    const bytes = readFileSync(pristine);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const path = join(folder, `${at}-${flip}.db`);
        const changed = Buffer.from(bytes);
        changed[at]! ^= flip;
        writeFileSync(path, changed);
        Store.open(path).store.close();
      }),
      { numRuns: 40 },
    );
    expect(readdirSync(folder).length).toBeGreaterThan(1);
  });
});

describe('a program that is killed', () => {
  test('loses no definition whose insertion was answered', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'domus.db');
    filled(path);
    const child = await startChild(
      folder,
      `
      import { Store } from ${JSON.stringify(new URL('store.ts', import.meta.url).href)};
      import { definition } from ${JSON.stringify(new URL('../testing/records.ts', import.meta.url).href)};
      const { store } = Store.open(${JSON.stringify(path)});
      let number = 0;
      function insert() {
        const uuid = crypto.randomUUID();
        store.domains.insert({ ...definition('d' + number++, 'alpha'), uuid }, { runningDomid: number, endedAs: 'shut-off', reason: null, wasRunning: false });
        process.stdout.write(uuid + '\\n');
        setTimeout(insert, 1);
      }
      process.stdout.write('ready\\n');
      insert();
      `,
    );
    let answered = '';
    child.stdout!.on('data', (chunk: Buffer) => (answered += chunk.toString()));
    await new Promise<void>((resolve) => {
      child.stdout!.on('data', () => answered.split('\n').length > 30 && resolve());
    });
    await killChild(child);
    const uuids = answered.split('\n').filter((line) => line.length === 36);
    const store = open(path);
    const kept = new Set(store.domains.all().map((domain) => domain.definition.uuid));
    expect(uuids.length).toBeGreaterThan(20);
    expect(uuids.filter((uuid) => !kept.has(uuid))).toEqual([]);
    const { wereRunning } = recover(store);
    expect(wereRunning.length).toBe(kept.size - 1);
    store.close();
  });
});

describe('recovery', () => {
  test('what ran is remembered as having run', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    store.hosts.insert(host('alpha'));
    const web = definition('web1', 'alpha');
    store.domains.insert(web, { ...RESTING, runningDomid: 7 });
    expect(recover(store).wereRunning).toEqual(['web1']);
    expect(store.domains.all()[0]?.fate).toMatchObject({ runningDomid: null, wasRunning: true });
    expect(recover(store).wereRunning).toEqual([]);
    store.close();
  });

  test('a move belongs to the source before its commit, and to the target after', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    store.hosts.insert(host('alpha'));
    store.hosts.insert(host('beta'));
    const [one, two] = [definition('one', 'alpha'), definition('two', 'alpha')];
    for (const domain of [one, two]) {
      store.domains.insert(domain, { ...RESTING, runningDomid: 1 });
      store.moves.begin({ uuid: domain.uuid, source: 'alpha', target: 'beta', startedAtMs: 1 });
    }
    store.moves.commit(two.uuid);
    const three = definition('three', 'alpha');
    store.domains.insert(three, RESTING);
    for (const [number, { uuid }] of [one, two, three].entries()) {
      store.moveHistory.save({ ...move(uuid, number), state: 'running', outcome: null });
    }
    const { moves } = recover(store);
    expect(moves).toHaveLength(2);
    const histories = [one, two, three].map(({ uuid }) => store.moveHistory.of(uuid)[0]);
    expect(histories).toMatchObject([
      { state: 'failed', error: moves[0] },
      { state: 'failed', error: moves[1] },
      { state: 'failed', error: 'The program ended while this was going on.' },
    ]);
    expect(store.moveHistory.unfinished()).toEqual([]);
    expect(moves.join('\n')).toMatch(/one was on its way .* it is on alpha/);
    expect(moves.join('\n')).toMatch(/two had moved .* it is on beta/);
    const hosts = store.domains.all().map((domain) => domain.definition.host);
    expect(hosts).toEqual(['alpha', 'alpha', 'beta']);
    expect(store.moves.unfinished()).toEqual([]);
    store.close();
  });

  test('a committed move survives the process, though it did not wait for the disk', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'domus.db');
    filled(path);
    const child = await startChild(
      folder,
      `
      import { Store } from ${JSON.stringify(new URL('store.ts', import.meta.url).href)};
      const { store } = Store.open(${JSON.stringify(path)});
      const { uuid } = store.domains.all()[0].definition;
      store.moves.begin({ uuid, source: 'alpha', target: 'beta', startedAtMs: 1 });
      store.moves.commit(uuid);
      process.stdout.write('ready\\n');
      setInterval(() => {}, 1000);
      `,
    );
    await killChild(child);
    const store = open(path);
    expect(store.moves.unfinished()).toMatchObject([{ phase: 'committed' }]);
    expect(store.domains.all()[0]?.definition.host).toBe('beta');
    store.close();
  });

  test('a record that could not be taken away gives way to the next move, and goes with its domain', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    store.hosts.insert(host('alpha'));
    store.hosts.insert(host('beta'));
    const web = definition('web1', 'alpha');
    store.domains.insert(web, RESTING);
    store.moves.begin({ uuid: web.uuid, source: 'alpha', target: 'beta', startedAtMs: 1 });
    store.moves.commit(web.uuid);
    store.moves.begin({ uuid: web.uuid, source: 'beta', target: 'alpha', startedAtMs: 2 });
    expect(store.moves.unfinished()).toMatchObject([{ source: 'beta', phase: 'sending' }]);
    store.domains.remove(web.uuid);
    expect(store.moves.unfinished()).toEqual([]);
    store.close();
  });

  test('deletions are final', () => {
    const store = open(join(temporaryFolder(), 'domus.db'));
    store.hosts.insert(host('alpha'));
    const web = definition('web1', 'alpha');
    store.domains.insert(web, RESTING);
    store.domains.setDeleted(web.uuid, 5);
    expect(recover(store).purged).toEqual([web.uuid]);
    expect(store.domains.all()).toEqual([]);
    store.close();
  });
});
