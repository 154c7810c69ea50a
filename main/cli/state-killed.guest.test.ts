/**
 * The whole program is killed while a domain is saved, given a checkpoint, cloned, or sent back to a
 * checkpoint: the domain has a whole disk, and nothing half made is left.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Checkpoint, Domain } from '../../shared/contract/index.ts';
import { makeFileSystem } from '../dom0/block/testing/file-system.ts';
import { qemuCheck, qemuImg } from '../dom0/block/testing/qemu-img.ts';
import { startDomus } from './testing/run-domus.ts';
import { ServedHome } from './testing/served-home.ts';
import { TellingGuest } from './testing/telling-guest.ts';

const PATIENCE = { timeout: 120_000, interval: 2 };
const MOUNT =
  'until [ -b /dev/xvda ]; do usleep 50000; done; ' +
  'mkdir -p /mnt; grep -q " /mnt " /proc/mounts || mount -t ext4 /dev/xvda /mnt || exit 1; ';
/** Each number is on stable storage before it is printed. */
const WRITE = `${MOUNT}n=$(($(tail -n 1 /mnt/log 2>/dev/null || echo 0) + 1)); while :; do echo $n >>/mnt/log; sync /mnt/log; echo $n; n=$((n + 1)); done`;
const READ = `${MOUNT}tail -n 1 /mnt/log`;

let site: ServedHome;
const pool = (): string => join(site.home, 'pools/default');
const volumes = (): string[] => readdirSync(pool()).filter((name) => name !== '.domus');
const states = (): string[] => readdirSync(join(site.home, 'states'));
const domains = async (): Promise<Domain[]> =>
  (await site.json(Domain.array(), 'list')).filter(({ name }) => name !== 'Domain-0');
const checkpoints = (name: string): Promise<Checkpoint[]> =>
  site.json(Checkpoint.array(), 'checkpoint', 'list', name);

beforeAll(async () => {
  site = await ServedHome.start();
  makeFileSystem(join(pool(), 'db.qcow2'), 32);
  await site.text('create', 'db', '--host', 'alpha', '--disk', 'default/db.qcow2');
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** What somebody needs: disks of domains and of checkpoints, and what these lie over. */
async function needed(): Promise<string[]> {
  const all = await domains();
  const kept = (await Promise.all(all.map(({ name }) => checkpoints(name)))).flat();
  const sources = [
    ...all.flatMap(({ disks }) => disks.map(({ source }) => source)),
    ...kept.flatMap(({ disks }) => disks),
  ];
  const chains = sources.map((source) => {
    const file = join(pool(), source.replace('default/', ''));
    const told = qemuImg('info', '-U', '--backing-chain', '--output=json', file);
    return (JSON.parse(told) as { filename: string }[]).map(({ filename }) => filename);
  });
  return [...new Set(chains.flat())].map((file) => file.replace(`${pool()}/`, '')).sort();
}

const operations: Record<string, { command: string[]; isUnderWay: (before: string[]) => boolean }> =
  {
    'is saved': { command: ['save', 'db'], isUnderWay: () => states().length > 0 },
    'is given a checkpoint': {
      command: ['checkpoint', 'create', 'db', 'killed'],
      isUnderWay: (before) => volumes().length > before.length,
    },
    'is cloned': {
      command: ['clone', 'db', 'copy'],
      isUnderWay: (before) => volumes().length > before.length + 1,
    },
    'goes back': {
      command: ['checkpoint', 'revert', 'db', 'first'],
      isUnderWay: (before) => volumes().length > before.length,
    },
  };

test.each(Object.entries(operations))(
  'killed while a domain %s',
  async (name, { command, isUnderWay }) => {
    const isBack = name === 'goes back';
    if (isBack) await site.text('checkpoint', 'create', 'db', 'first');
    const writer = new TellingGuest(site.home, 'db', WRITE);
    await expect.poll(() => writer.last, PATIENCE).toBeGreaterThan(5);
    const before = volumes();
    const killed = once(site.daemon, 'exit');
    const asked = startDomus(command, site.home);
    const answered = once(asked, 'close');
    await expect.poll(() => isUnderWay(before), PATIENCE).toBe(true);
    site.daemon.kill('SIGKILL');
    expect(await killed).toEqual([null, 'SIGKILL']);
    await Promise.all([answered, writer.ended]);
    site = await ServedHome.start(site.home);

    const files = (await checkpoints('db')).map(({ id }) => `${id}.checkpoint`);
    expect(states().sort()).toEqual(files.sort());
    await expect.poll(async () => volumes().sort(), PATIENCE).toEqual(await needed());
    for (const { name: domain, state } of await domains()) {
      expect(state).toBe('shut-off');
      await site.text('start', domain);
      const found = Number(await site.text('exec', domain, '--', READ));
      expect(found).toBeGreaterThanOrEqual(isBack ? 1 : writer.last);
    }
  },
  300_000,
);

test('their volumes are as they should be', async () => {
  for (const { name } of await domains()) {
    await site.text('exec', name, '--', 'umount /mnt');
    await site.text('shutdown', name);
  }
  for (const volume of volumes()) {
    expect(['clean', 'leaks']).toContain(qemuCheck(join(pool(), volume)));
  }
}, 120_000);
