/** The whole program is killed while a domain moves with its disk: one whole disk is left, and is its own. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Domain } from '../../shared/contract/index.ts';
import { makeFileSystem } from '../dom0/block/testing/file-system.ts';
import { qemuCheck } from '../dom0/block/testing/qemu-img.ts';
import { startDomus } from './testing/run-domus.ts';
import { ServedHome } from './testing/served-home.ts';
import { TellingGuest } from './testing/telling-guest.ts';

const PATIENCE = { timeout: 120_000, interval: 5 };
const MOUNT =
  'until [ -b /dev/xvda ]; do usleep 50000; done; ' +
  'mkdir -p /mnt; grep -q " /mnt " /proc/mounts || mount -t ext4 /dev/xvda /mnt || exit 1; ';
/** Each file is synced before its number is printed; it holds its own sum. */
const WRITE =
  `${MOUNT}n=1; head -c 200000 /dev/urandom >/tmp/seed; while :; do f=/mnt/$((n % 100)); ` +
  '{ echo $n; cat /tmp/seed; } >/tmp/f; { md5sum </tmp/f; cat /tmp/f; } >$f.new; ' +
  'sync; mv $f.new $f; sync; echo $n; n=$((n + 1)); done';
/** The numbers of the files that are whole; fails on one that is not. */
const READ =
  `${MOUNT}for f in /mnt/[0-9] /mnt/[0-9][0-9]; do [ -e $f ] || continue; ` +
  '[ "$(head -n 1 $f)" = "$(tail -n +2 $f | md5sum)" ] || { echo "$f is damaged"; exit 1; }; ' +
  'tail -n +2 $f | head -n 1; done';

let site: ServedHome;
const pool = (host: string): string => join(site.home, 'pools', `on-${host}`);

beforeAll(async () => {
  site = await ServedHome.start();
  for (const host of ['alpha', 'beta']) {
    await site.text('pool', 'add', `on-${host}`, '--local', host);
  }
  makeFileSystem(join(pool('alpha'), 'db.qcow2'), 96);
  await site.text('create', 'db', '--host', 'alpha', '--disk', 'on-alpha/db.qcow2');
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** Volumes and unfinished files, of both pools. */
function files(): string[] {
  return ['alpha', 'beta'].flatMap((host) => {
    const volumes = readdirSync(pool(host)).filter((name) => name.endsWith('.qcow2'));
    const parts = readdirSync(join(pool(host), '.domus')).filter((name) => name.endsWith('.part'));
    return [...volumes, ...parts].map((name) => `on-${host}/${name}`);
  });
}

const stages = {
  'its copy has begun': (to: string) =>
    readdirSync(join(pool(to), '.domus')).some((name) => name.endsWith('.part')),
  'its copy is complete': (to: string) => existsSync(join(pool(to), 'db.qcow2')),
  'it has arrived': (_to: string, from: string) => !existsSync(join(pool(from), 'db.qcow2')),
};

test.each(Object.entries(stages))(
  'killed when %s',
  async (_name, isReached) => {
    const { host: from } = await site.json(Domain, 'info', 'db');
    const to = from === 'alpha' ? 'beta' : 'alpha';
    const writer = new TellingGuest(site.home, 'db', WRITE);
    await expect.poll(() => writer.last, PATIENCE).toBeGreaterThan(10);
    const killed = once(site.daemon, 'exit');
    const move = startDomus(['migrate', 'db', to], site.home);
    const moved = once(move, 'close');
    await expect.poll(() => isReached(to, from), PATIENCE).toBe(true);
    site.daemon.kill('SIGKILL');
    expect(await killed).toEqual([null, 'SIGKILL']);
    await Promise.all([moved, writer.ended]);
    site = await ServedHome.start(site.home);
    const { host, disks } = await site.json(Domain, 'start', 'db');
    // Of the two volumes the one that its definition names is left, on the host that it is on.
    expect(disks).toMatchObject([{ source: `on-${host}/db.qcow2` }]);
    await expect.poll(files, PATIENCE).toEqual([`on-${host}/db.qcow2`]);
    const found = (await site.text('exec', 'db', '--', READ)).trim().split('\n').map(Number);
    expect(Math.max(...found)).toBeGreaterThanOrEqual(writer.last);
    await site.text('exec', 'db', '--', 'rm -f /mnt/*; umount /mnt');
    await site.text('shutdown', 'db');
    expect(['clean', 'leaks']).toContain(qemuCheck(join(pool(host), 'db.qcow2')));
    await site.text('start', 'db');
  },
  300_000,
);
