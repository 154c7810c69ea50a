/** The whole program is killed under a guest that writes as a database does; what it was told is kept. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Domain } from '../../shared/contract/index.ts';
import { makeFileSystem } from '../dom0/block/testing/file-system.ts';
import { qemuCheck } from '../dom0/block/testing/qemu-img.ts';
import { Lines, startDomus } from './testing/run-domus.ts';
import { ServedHome } from './testing/served-home.ts';

/** Of qcow2: each record on the raw disk needs a cluster, and the tables that name it. */
const CLUSTER_SECTORS = 128;
const ROUNDS = 3;
/** That are acknowledged before the program is killed, in the middle of the next. */
const RECORDS = 25;

const IS_THERE =
  'until [ -b /dev/xvda ] && [ -b /dev/xvdb ]; do usleep 50000; done; ' +
  'mkdir -p /mnt; grep -q " /mnt " /proc/mounts || mount -t ext4 /dev/xvdb /mnt || exit 1; ';

/**
 * Numbered records, to a raw disk and to the end of a file, each synced before its number is printed.
 * What a kill left of a line in the file is ended first.
 */
const writeFrom = (first: number): string =>
  `${IS_THERE}n=${first}; echo >>/mnt/log; while :; do ` +
  `record="$n $(head -c 100 /dev/urandom | hexdump -ve '1/1 "%02x"')"; ` +
  'record="$record $(echo "$record" | md5sum | cut -c 1-32)"; ' +
  `echo "$record" | dd of=/dev/xvda bs=512 seek=$((n * ${CLUSTER_SECTORS})) conv=sync,notrunc,fsync 2>/dev/null || exit 1; ` +
  'echo "$record" | dd of=/mnt/log oflag=append conv=notrunc,fsync 2>/dev/null || exit 1; ' +
  'echo $n; n=$((n + 1)); done';

const READ_FILE = `${IS_THERE}cat /mnt/log`;
const readDisk = (last: number): string =>
  `${IS_THERE}dd if=/dev/xvda bs=$((512 * ${CLUSTER_SECTORS})) skip=1 count=${last} 2>/dev/null | tr -d '\\0'`;

let site: ServedHome;
const volume = (name: string): string => join(site.home, 'pools/default', name);

beforeAll(async () => {
  site = await ServedHome.start();
  makeFileSystem(volume('files.qcow2'), 64);
  await site.text('volume', 'create', 'default/records', '--size', '256');
  const disks = ['--disk', 'default/records', '--disk', 'default/files.qcow2'];
  await site.text('create', 'db', '--host', 'alpha', '--memory', '64', ...disks);
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** Of the records that are whole, as the guest reads them. */
async function numbers(script: string): Promise<Set<number>> {
  const printed = await site.text('exec', 'db', '--', script);
  const found = new Set<number>();
  for (const line of printed.split('\n')) {
    const [, record, n, sum] = /^((\d+) [0-9a-f]{200}) ([0-9a-f]{32})$/.exec(line) ?? [];
    const isWhole = createHash('md5').update(`${record}\n`).digest('hex') === sum;
    if (isWhole) found.add(Number(n));
  }
  return found;
}

/** Kills the program once enough was acknowledged; answers with all numbers that were. */
async function writeUntilKilled(first: number): Promise<number[]> {
  const writer = startDomus(['exec', 'db', '--', writeFrom(first)], site.home);
  const lines = new Lines(writer.stdout);
  const acknowledged: number[] = [];
  const killed = once(site.daemon, 'exit');
  for (let line = await lines.next(); line !== null; line = await lines.next()) {
    acknowledged.push(Number(line));
    if (acknowledged.length === RECORDS) site.daemon.kill('SIGKILL');
  }
  if (acknowledged.length < RECORDS) throw new Error('the guest stopped writing by itself');
  expect(await killed).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

test('all that a guest was told to be stable is there after the program was killed', async () => {
  const told: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // What was written and not told any more is written again.
    const acknowledged = await writeUntilKilled(told.length + 1);
    told.push(...acknowledged);
    expect(told).toEqual(told.map((_, index) => index + 1));
    for (const name of ['records', 'files.qcow2']) {
      // At most clusters that nothing names: else it throws.
      expect(['clean', 'leaks']).toContain(qemuCheck(volume(name)));
    }
    site = await ServedHome.start(site.home);
    expect(await site.json(Domain, 'start', 'db')).toMatchObject({ state: 'running' });
    for (const script of [readDisk(told.length), READ_FILE]) {
      const found = await numbers(script);
      expect(told.filter((n) => !found.has(n))).toEqual([]);
    }
  }
}, 600_000);
