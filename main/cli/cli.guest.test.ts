/** Every command once, on the real daemon with real guests; then what must be refused. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Capture,
  Disk,
  Domain,
  Forward,
  Host,
  Image,
  Lease,
  LogLine,
  Network,
  SiteEvent,
  SiteInfo,
  Task,
  XenstoreNode,
} from '../../shared/contract/index.ts';
import { connectHome, resolveHome } from '../api/client/index.ts';
import { Lines, runDomus, startDomus } from './testing/run-domus.ts';
import { ServedHome } from './testing/served-home.ts';

const Listed = Domain.extend({ cpuTimeMs: z.number(), cpuPercent: z.number() });
const MoveRecord = z.strictObject({
  from: z.string(),
  to: z.string(),
  rounds: z
    .strictObject({
      number: z.int(),
      pages: z.int(),
      bytes: z.number(),
      ms: z.number(),
      dirtied: z.int(),
      rate: z.number(),
      throttle_percent: z.number(),
      estimated_stop_ms: z.number(),
    })
    .array(),
  downtime_ms: z.number(),
  total_ms: z.number(),
  bytes: z.number(),
  pages: z.int(),
  stop_reason: z.string(),
  disks: z.array(z.never()),
  verified: z.boolean(),
});
const Executed = z.strictObject({ status: z.int(), stdout: z.string(), stderr: z.string() });

let site: ServedHome;

beforeAll(async () => {
  site = await ServedHome.start();
  await site.text('create', 'web1', '--host', 'alpha', '--memory', '64');
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

const web1 = (): Promise<Domain> => site.json(Domain, 'info', 'web1');

describe('the site', () => {
  it('is described by status and info', async () => {
    const info = await site.json(SiteInfo, 'status');
    expect(info).toMatchObject({ pid: site.daemon.pid, home: site.home });
    expect(await site.json(SiteInfo.extend({ hosts: z.array(Host) }), 'info')).toMatchObject({
      hosts: [{ name: 'alpha' }, { name: 'beta' }],
    });
    expect(await site.text('status')).toMatch(/^version +: \d/);
  });

  it('has hosts that come and go', async () => {
    const added = await site.json(Host, 'host', 'add', 'gamma', '--memory', '512', '--cpus', '1');
    expect(added).toMatchObject({ name: 'gamma', pcpus: 1, memoryKiB: 512 * 1024 });
    expect(await site.text('host', 'list')).toMatch(/^gamma +up +1 +512/m);
    await site.text('host', 'remove', 'gamma');
    const hosts = await site.json(Host.array(), 'host', 'list');
    expect(hosts.map(({ name }) => name)).toEqual(['alpha', 'beta']);
  });

  it('lists domain 0 of each host and the domains, as xl does', async () => {
    const listed = await site.json(Listed.array(), 'list');
    expect(listed.map(({ name, host }) => `${name}@${host}`)).toEqual([
      'Domain-0@alpha',
      'Domain-0@beta',
      'web1@alpha',
    ]);
    expect(listed[0]).toMatchObject({ domid: 0, isDomain0: true });
    expect(listed[0]!.memory.actualKiB).toBeGreaterThan(0);
    expect(listed[2]!.cpuTimeMs).toBeGreaterThan(0);
    const text = await site.text('list');
    expect(text).toMatch(/^Name {40}ID {3}Mem VCPUs\tState\tTime\(s\) {2}Host$/m);
    expect(text).toMatch(/^web1 {37} +\d+ +\d+ {5}1 {5}[r-][b-]---- +\d+\.\d {2}alpha$/m);
  });

  it('keeps events, tasks and logs', async () => {
    const events = await site.jsonLines(SiteEvent, 'events');
    expect(events.map(({ kind }) => kind)).toContain('domain.created');
    const [, ...tasks] = (await site.text('tasks')).split('\n');
    expect(tasks.join('\n')).toMatch(/done .*Created web1 on alpha/);
    expect(await site.json(Task.array(), 'tasks', '--lines', '1')).toHaveLength(1);
    expect(await site.jsonLines(LogLine, 'log')).not.toHaveLength(0);
    const own = await site.jsonLines(LogLine, 'log', 'web1', '--level', 'debug');
    expect(own.map(({ message }) => message).join('\n')).toContain('web1');
  });

  it('follows events until it is interrupted', async () => {
    const child = startDomus(['--json', 'events', '--follow', '--lines', '1'], site.home);
    const lines = new Lines(child.stdout);
    await lines.next();
    await site.text('host', 'add', 'delta', '--memory', '128', '--cpus', '1');
    const told = await lines.find((line) => line.includes('delta'));
    expect(SiteEvent.parse(JSON.parse(told)).kind).toBe('host.added');
    child.kill('SIGINT');
    await once(child, 'exit');
    await site.text('host', 'remove', 'delta');
  });

  it('lists its images', async () => {
    const images = await site.json(Image.array(), 'image', 'list');
    expect(images.find(({ isDefault }) => isDefault)).toMatchObject({ kind: 'built' });
    expect(await site.text('image', 'list')).toMatch(/^Id +Name/);
  });
});

describe('a guest', () => {
  it('runs commands, output apart, status kept', async () => {
    const ran = await site.run('exec', 'web1', '--', 'echo', 'out;', 'echo err >&2;', 'exit 7');
    expect(ran).toEqual({ status: 7, stdout: 'out\n', stderr: 'err\n' });
    const asJson = await site.run('--json', 'exec', 'web1', '--', 'hostname; false');
    expect(asJson.status).toBe(1);
    expect(Executed.parse(JSON.parse(asJson.stdout))).toEqual({
      status: 1,
      stdout: 'web1\n',
      stderr: '',
    });
  });

  it('is told what is piped to its console, and answers there', async () => {
    const { status, stdout } = await runDomus(['console', 'web1'], {
      home: site.home,
      input: 'echo console-$((40 + 2))\n',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('console-42');
  });

  it('lets Ctrl-] leave the console while the input goes on', async () => {
    const child = startDomus(['console', 'web1'], site.home);
    const lines = new Lines(child.stdout);
    child.stdin.write('echo stay-$((1 + 1))\n');
    await lines.find((line) => line.includes('stay-2'));
    child.stdin.write('\x1d');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('printed its boot', async () => {
    expect(await site.text('dmesg', 'web1')).toContain('Linux version');
    const { text } = await site.json(z.object({ text: z.string() }), 'dmesg', 'web1');
    expect(text).toContain('Hypervisor detected: Xen');
  });

  it('is paused and goes on', async () => {
    expect(await site.json(Domain, 'pause', 'web1')).toMatchObject({ state: 'paused' });
    expect(await site.text('list')).toMatch(/^web1 .*--p---/m);
    expect(await site.failure('exec', 'web1', '--', 'true')).toMatchObject({
      code: 'domain.wrong-state',
      status: 255,
    });
    expect(await site.text('unpause', 'web1')).toBe('web1 goes on\n');
  });

  it('gives memory back when it is told to', async () => {
    expect(await site.json(Domain, 'mem-set', 'web1', '48')).toMatchObject({
      memory: { targetKiB: 48 * 1024 },
    });
    await expect
      .poll(async () => (await web1()).memory.actualKiB, { timeout: 60_000 })
      .toBeLessThanOrEqual(49 * 1024);
    expect(await site.text('mem-max', 'web1', '96')).toContain('up to 96 MiB');
  });

  it('has a part of xenstore that can be read, written and watched', async () => {
    const { domid } = await web1();
    const path = `/local/domain/${domid}`;
    expect(await site.text('xenstore', 'read', `${path}/name`)).toBe('web1\n');
    const nodes = await site.json(XenstoreNode.array(), 'xenstore', 'ls', path);
    expect(nodes.map((node) => node.path)).toContain(`${path}/memory/target`);
    expect(await site.text('xenstore', 'ls', '-f', path)).toContain(`${path}/name = "web1"\n`);
    expect(await site.text('xenstore', 'ls', path)).toMatch(/^memory = ""\n( .*\n)* target = "/m);

    const child = startDomus(['xenstore', 'watch', '/tool', '--host', 'alpha'], site.home);
    const lines = new Lines(child.stdout);
    await lines.next();
    await site.text('xenstore', 'write', '/tool/mine', 'a b', '--host', 'alpha');
    expect(await lines.find((line) => line.includes('mine'))).toBe('/tool/mine');
    child.kill('SIGINT');
    await once(child, 'exit');
    const value = await site.json(
      z.object({ value: z.string() }),
      'xenstore',
      'read',
      '/tool/mine',
    );
    expect(value).toEqual({ value: 'a b' });
    await site.text('xenstore', 'rm', '/tool/mine');
  });

  it('moves and takes what it was counting with it', async () => {
    await site.text('exec', 'web1', '--', 'echo kept > /tmp/kept');
    const { stdout: moved, stderr: rounds } = await site.run('migrate', 'web1', 'beta');
    expect(moved).toMatch(
      /^moved web1 from alpha to beta: \S+ m?s down, \d+\.\d [kM]B in \S+ m?s, \d+ rounds?\n$/,
    );
    const count = Number(/, (\d+) rounds?$/m.exec(moved)![1]);
    expect(rounds.trimEnd().split('\n')).toHaveLength(count);
    expect(rounds).toMatch(/^round 1: \d+ pages, .* written meanwhile, a stop now: \S+ m?s$/m);
    const report = await site.json(MoveRecord, 'migrate', 'web1', 'alpha');
    expect(report).toMatchObject({ from: 'beta', to: 'alpha', verified: true });
    expect(report.rounds[0]).toMatchObject({ number: 1, pages: 32_768 });
    expect(await site.text('exec', 'web1', '--', 'cat /tmp/kept')).toBe('kept\n');
    const history = await site.json(
      z.object({ from: z.string(), rounds: MoveRecord.shape.rounds }).array(),
      'moves',
      'web1',
    );
    expect(history.map(({ from }) => from)).toEqual(['beta', 'alpha']);
    expect(history[0]!.rounds).toEqual(report.rounds);
    expect(await site.text('moves', 'web1')).toMatch(
      / alpha +beta +\S+ m?s down, .* \d+ rounds?$/m,
    );
  });

  it('prints on while it moves: no line is lost or doubled', async () => {
    const child = startDomus(['console', 'web1'], site.home);
    const lines = new Lines(child.stdout);
    const last = 60;
    child.stdin.write(`for n in $(seq ${last}); do echo "line-$n."; sleep 0.05; done\n`);
    const numbers: number[] = [];
    const readTo = async (end: number): Promise<void> => {
      while (numbers.at(-1) !== end) {
        const line = await lines.find((text) => /^line-\d+\./.test(text));
        numbers.push(Number.parseInt(line.slice('line-'.length), 10));
      }
    };
    await readTo(3);
    await site.text('migrate', 'web1', 'beta');
    await readTo(last);
    expect(numbers).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    child.stdin.write('\x1d');
    await once(child, 'exit');
    await site.text('migrate', 'web1', 'alpha');
  });

  it('stays where it is when its task is cancelled', async () => {
    const slowly = ['migrate', 'web1', 'beta', '--max-rate', '2000000'];
    const moving = runDomus(slowly, { home: site.home });
    const running = ({ kind, state }: Task): boolean => kind === 'migrate' && state === 'running';
    await expect
      .poll(async () => (await site.json(Task.array(), 'tasks')).some(running), {
        timeout: 60_000,
      })
      .toBe(true);
    const { id } = (await site.json(Task.array(), 'tasks')).find(running)!;
    expect(await site.text('tasks', 'cancel', id.slice(0, 8))).toMatch(/^cancelled: "Moving web1/);
    const { status, stderr } = await moving;
    expect([status, stderr]).toEqual([1, expect.stringContaining('was cancelled')]);
    expect(await site.json(Domain, 'info', 'web1')).toMatchObject({ host: 'alpha' });
  });

  it('goes elsewhere with all others when its host is drained', async () => {
    const drained = await site.text('host', 'drain', 'alpha', '--auto-converge');
    expect(drained).toMatch(/^drained alpha\n/);
    expect(drained).toMatch(/^web1 to beta: \S+ m?s down$/m);
    expect(await site.text('host', 'list')).toMatch(/^alpha +up, drained +/m);
    expect(await site.text('host', 'undrain', 'alpha')).toContain('placed on alpha again');
    await site.text('migrate', 'web1', 'alpha');
  });

  it('is given a disk, which is grown and taken away again', async () => {
    const path = join(site.home, 'data.img');
    expect(await site.text('disk', 'attach', 'web1', path, '--size', '16')).toBe(
      `attached to web1: xvda: ${path} (raw, 16 MiB, read-write)\n`,
    );
    expect(await site.text('disk', 'resize', 'web1', 'xvda', '--size', '32')).toBe(
      'xvda of web1 has 32 MiB now\n',
    );
    const isGrown = 'until [ $(cat /sys/block/xvda/size) = 65536 ]; do usleep 50000; done';
    await site.text('exec', 'web1', '--', isGrown);
    const listed = await site.json(
      Disk.extend({ domain: z.string() }).array(),
      'disk',
      'list',
      'web1',
    );
    expect(listed).toMatchObject([
      { domain: 'web1', name: 'xvda', source: path, bytes: 32 * 2 ** 20 },
    ]);
    expect(await site.text('disk', 'list')).toMatch(/^web1 +xvda +32 +raw +read-write +\S+$/m);
    expect(await site.text('disk', 'detach', 'web1', 'xvda')).toBe('detached xvda from web1\n');
    expect(await site.json(Domain, 'disk', 'attach', 'web1', path, '--read-only')).toMatchObject({
      disks: [{ name: 'xvda', readOnly: true }],
    });
    await site.text('disk', 'detach', 'web1', 'xvda');
  });

  it('is put on a network, is reached through a port, and is taken off again', async () => {
    expect(await site.text('network', 'list')).toMatch(
      /^default +isolated +10\.77\.0\.0\/24 +10\.77\.0\.1 +1500 +-$/m,
    );
    const added = await site.json(Network, 'network', 'add', 'lab', '--subnet', '10.9.0.0/24');
    expect(added).toMatchObject({ name: 'lab', kind: 'isolated', gateway: '10.9.0.1', mtu: 1500 });
    expect(await site.text('net', 'attach', 'web1', 'lab', '--ip', '10.9.0.7')).toMatch(
      /^attached to web1: eth0: lab 10\.9\.0\.7 \(00:16:3e:\S+\)\n$/,
    );
    expect(await site.text('exec', 'web1', '--', 'ip -4 addr show eth0')).toContain('10.9.0.7/24');
    expect(await site.text('list')).toMatch(/^web1 .* 10\.9\.0\.7$/m);
    expect(await site.json(Lease.array(), 'network', 'leases')).toMatchObject([
      { network: 'lab', address: '10.9.0.7', domain: 'web1' },
    ]);
    const rule = 'deny in tcp local 81';
    expect(
      await site.text('net', 'set', 'web1', 'eth0', '--send', '2000000', '--rule', rule),
    ).toMatch(/; limits 2\.0 MB\/s, -; access 1 rule, else allow\n$/);
    expect(await site.text('net', 'list', 'web1')).toContain(`  eth0: deny in tcp local 81\n`);
    await site.text('exec', 'web1', '--', 'echo page >/tmp/index.html; httpd -p 80 -h /tmp');
    const forward = await site.json(Forward, 'forward', 'add', '0', 'web1:80');
    const page = await fetch(`http://127.0.0.1:${forward.port}/index.html`);
    expect(await page.text()).toBe('page\n');
    expect(await site.text('forward', 'list')).toMatch(/^ *\d+ +tcp +web1:80 +open$/m);
    expect(await site.text('net', 'counters', 'web1')).toMatch(/^eth0( +[1-9]\d*){4} /m);
    expect(await site.text('forward', 'remove', String(forward.port))).toContain('no guest');
    expect((await site.failure('network', 'remove', 'lab')).code).toBe('network.in-use');
    expect(await site.text('net', 'detach', 'web1', 'eth0')).toBe('detached eth0 from web1\n');
    expect(await site.text('network', 'set', 'lab', '--kind', 'outside')).toBe(
      'network lab: 10.9.0.0/24, outside\n',
    );
    expect(await site.text('network', 'remove', 'lab')).toBe('removed network lab\n');
  });

  it('is captured on its interface', async () => {
    await site.text('net', 'attach', 'web1', 'default');
    const path = join(site.home, 'web1.pcap');
    const begun = await site.json(Capture, 'capture', 'start', 'web1', '0', '--file', path);
    await site.text('exec', 'web1', '--', 'ping -c 2 10.77.0.1');
    expect(await site.text('capture', 'list')).toMatch(/ web1 +eth0 .* goes on /);
    expect(await site.text('capture', 'stop', begun.id)).toMatch(/web1\.pcap: \d+ frames\n$/);
    await site.text('net', 'detach', 'web1', '0');
  });

  it('gets another name, outside and inside', async () => {
    expect(await site.text('rename', 'web1', 'www')).toBe('web1 is now called www\n');
    expect(await site.text('exec', 'www', '--', 'hostname')).toBe('www\n');
    await site.text('rename', 'www', 'web1');
  });

  it('reboots, is shut down, starts, is forced off, and is deleted', async () => {
    const { domid } = await web1();
    const rebooted = await site.json(Domain, 'reboot', 'web1');
    expect(rebooted.state).toBe('running');
    expect(rebooted.domid).not.toBe(domid);
    expect(await site.text('shutdown', 'web1')).toBe('web1 is shut-off\n');
    expect(await site.failure('console', 'web1')).toMatchObject({ code: 'domain.wrong-state' });
    expect(await site.json(Domain, 'start', 'web1')).toMatchObject({ state: 'running' });
    expect((await site.failure('delete', 'web1')).code).toBe('domain.running');
    expect(await site.json(Domain, 'destroy', 'web1')).toMatchObject({ state: 'shut-off' });
    expect(await site.text('delete', 'web1')).toBe('deleted web1\n');
    expect((await site.failure('info', 'web1')).code).toBe('domain.unknown');
    await site.text('create', 'web1', '--memory', '64', '--host', 'alpha');
  });
});

describe('wrong arguments', () => {
  const kernel = ['--kernel', '/etc/passwd', '--initrd', '/etc/passwd'];
  const cases: [code: string, ...args: string[]][] = [
    ['domain.unknown', 'info', 'nobody'],
    ['domain.unknown', 'start', 'nobody'],
    ['domain.unknown', 'migrate', 'nobody', 'beta'],
    ['domain.unknown', 'exec', 'nobody', '--', 'true'],
    ['domain.unknown', 'console', 'nobody'],
    ['domain.unknown', 'log', 'nobody'],
    ['domain.is-domain0', 'destroy', 'Domain-0'],
    ['domain.exists', 'create', 'web1'],
    ['domain.exists', 'create', 'WEB1'],
    ['domain.name-reserved', 'create', 'Domain-0'],
    ['input.invalid', 'create', 'a b'],
    ['input.invalid', 'create', '../../etc'],
    ['input.invalid', 'create', 'x'.repeat(64)],
    ['memory.too-small', 'create', 'new', '--memory', '0'],
    ['memory.too-large', 'create', 'new', '--memory', '999999999'],
    ['usage', 'create', 'new', '--memory', '-64'],
    ['usage', 'create', 'new', '--memory', 'NaN'],
    ['image.unknown', 'create', 'new', '--image', 'nothing'],
    ['host.unknown', 'create', 'new', '--host', 'nowhere'],
    ['host.exists', 'host', 'add', 'alpha', '--memory', '512', '--cpus', '1'],
    ['input.invalid', 'host', 'add', 'new', '--memory', '0', '--cpus', '1'],
    ['input.invalid', 'host', 'add', 'new', '--memory', '512', '--cpus', '0'],
    ['host.unknown', 'host', 'remove', 'nowhere'],
    ['host.not-empty', 'host', 'remove', 'alpha'],
    ['host.unknown', 'migrate', 'web1', 'nowhere'],
    ['migration.bad-rates', 'migrate', 'web1', 'beta', '--min-rate', '9000000000'],
    ['usage', 'migrate', 'web1', 'beta', '--min-rate', '2000', '--max-rate', '1000'],
    ['usage', 'migrate', 'web1', 'beta', '--allow-longer-stop'],
    ['host.unknown', 'host', 'drain', 'nowhere'],
    ['host.drain-to-itself', 'host', 'drain', 'alpha', '--to', 'alpha'],
    ['task.unknown', 'tasks', 'cancel', 'nothing'],
    ['memory.too-small', 'mem-set', 'web1', '0'],
    ['memory.above-maximum', 'mem-set', 'web1', '4000'],
    ['disk.no-file', 'disk', 'attach', 'web1', '/no/such/file'],
    ['disk.no-file', 'create', 'new', '--disk', '/no/such/file'],
    ['disk.not-a-disk', 'disk', 'attach', 'web1', '/dev/null'],
    ['disk.file-exists', 'disk', 'attach', 'web1', '/etc/passwd', '--size', '1'],
    ['input.invalid', 'disk', 'attach', 'web1', '/no/such/file', '--size', '0'],
    ['input.invalid', 'disk', 'attach', 'web1', '/etc/passwd', '--name', 'sda'],
    ['usage', 'disk', 'attach', 'web1', '/etc/passwd', '--format', 'vmdk'],
    ['usage', 'create', 'new', '--disk', '/etc/passwd,rw'],
    ['disk.not-attached', 'disk', 'detach', 'web1', 'xvdb'],
    ['disk.not-attached', 'disk', 'resize', 'web1', 'xvdb', '--size', '8'],
    ['domain.is-domain0', 'disk', 'attach', 'Domain-0', '/etc/passwd'],
    ['domain.unknown', 'disk', 'list', 'nobody'],
    ['network.unknown', 'create', 'new', '--net', 'nowhere'],
    ['network.unknown', 'net', 'attach', 'web1', 'nowhere'],
    ['network.unknown', 'network', 'set', 'nowhere', '--kind', 'outside'],
    ['network.exists', 'network', 'add', 'DEFAULT'],
    ['network.subnet-overlaps', 'network', 'add', 'new', '--subnet', '10.77.0.128/25'],
    ['network.bad-subnet', 'network', 'add', 'new', '--subnet', '8.8.8.0/24'],
    ['network.not-outside', 'network', 'add', 'new', '--reaches-machine'],
    ['input.invalid', 'network', 'add', 'new', '--subnet', '10.0.0.0'],
    ['usage', 'network', 'add', 'new', '--kind', 'bridged'],
    ['input.invalid', 'net', 'attach', 'web1', 'default', '--mac', 'x'],
    ['interface.bad-address', 'create', 'new', '--net', 'default,ip=10.77.0.1'],
    ['usage', 'create', 'new', '--net', 'default,bridge=br0'],
    ['interface.not-attached', 'net', 'detach', 'web1', '5'],
    ['interface.not-attached', 'net', 'set', 'web1', '5', '--link', 'down'],
    ['usage', 'net', 'set', 'web1', '0', '--rule', 'deny everything'],
    ['domain.is-domain0', 'net', 'attach', 'Domain-0', 'default'],
    ['interface.not-attached', 'forward', 'add', '0', 'web1:22'],
    ['domain.unknown', 'forward', 'add', '0', 'nobody:22'],
    ['usage', 'forward', 'add', '0', 'web1'],
    ['forward.unknown', 'forward', 'remove', '1'],
    ['interface.not-attached', 'capture', 'start', 'web1', '0'],
    ['capture.unknown', 'capture', 'stop', 'none'],
    ['xenstore.not-found', 'xenstore', 'read', '/no/such/node'],
    ['xenstore.invalid-path', 'xenstore', 'read', '/a//b'],
    ['xenstore.root', 'xenstore', 'rm', '/'],
    ['image.unknown', 'image', 'remove', 'nothing'],
    ['image.not-a-kernel', 'image', 'import', 'mine', ...kernel],
  ];

  const named = cases.map(([code, ...args]) => ({ code, args, line: args.join(' ') }));
  it.each(named)('$code: domus $line', async ({ code, args }) => {
    const before = await everything();
    const told = await site.failure(...args);
    expect(told.code).toBe(code);
    expect(told.message).toMatch(/\w.* .*\w/);
    expect(told.message).not.toMatch(/undefined|\[object|Error:/);
    expect(await everything()).toEqual(before);
  });

  it('beyond the host is refused with the figures', async () => {
    const told = await site.failure('create', 'new', '--host', 'alpha', '--memory', '2000');
    expect(told.message).toMatch(/\d+ MiB/);
  });

  it('a second daemon on the home is refused, and the first goes on', async () => {
    const told = await site.failure('serve', '--port', '0');
    expect(told.code).toBe('home.in-use');
    expect(await site.text('list')).toContain('web1');
  });
});

describe('the end', () => {
  it('by domus stop leaves no daemon and remembers what ran', async () => {
    await using other = await ServedHome.start();
    await other.text('stop');
    expect(await once(other.daemon, 'exit')).toEqual([0, null]);
    expect(existsSync(join(other.home, 'daemon.json'))).toBe(false);
    expect((await other.failure('list')).code).toBe('daemon.not-running');
  });

  it('by a signal is an end as any other', async () => {
    const other = await ServedHome.start();
    other.daemon.kill('SIGINT');
    expect(await once(other.daemon, 'exit')).toEqual([0, null]);
    await other[Symbol.asyncDispose]();
  });
});

/** What a refused command must not have changed: figures that move by themselves left out. */
async function everything(): Promise<unknown> {
  using client = connectHome(resolveHome({ home: site.home }));
  const [domains, hosts, images, networks, forwards] = await Promise.all([
    client.site.domains.list(),
    client.site.hosts.list(),
    client.site.images.list(),
    client.site.networks.list(),
    client.site.forwards.list(),
  ]);
  return {
    domains: domains.map(({ memory, ...domain }) => ({ ...domain, target: memory.targetKiB })),
    hosts: hosts.map(({ freeKiB: _, ...host }) => host),
    images,
    networks,
    forwards,
  };
}
