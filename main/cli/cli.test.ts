/** The command as a process, against a server that runs no guests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorShape, Host } from '../../shared/contract/index.ts';
import { runServer } from '../api/testing/running-server.ts';
import type { RunningServer } from '../api/testing/running-server.ts';
import { writeDaemonInfo } from '../toolstack/daemon-info.ts';
import { resolveHome } from '../toolstack/home.ts';
import { runDomus } from './testing/run-domus.ts';

let home: string;
let server: RunningServer;
const domus = (...args: string[]) => runDomus(args, { home });

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'domus-cli-'));
  server = await runServer();
  const { url } = server.server;
  writeDaemonInfo(resolveHome({ home }), { pid: process.pid, url, token: server.token });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

describe('without a daemon', () => {
  it('says its version', async () => {
    const { status, stdout } = await domus('--version');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await domus('--json', '--version')).stdout).toMatch(/^\{"version":"/);
  });

  it('says which daemon is missing, and how to start it', async () => {
    const { status, stdout, stderr } = await domus('--home', join(home, 'none'), 'list');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^domus: No Domus runs for .*none\. Start one with "domus serve"/);
  });

  it.each([
    [[], 'A command is missing'],
    [['frobnicate'], 'no command "frobnicate"'],
    [['host'], 'host list, host add, host remove'],
    [['list', '--frobnicate'], 'no option --frobnicate'],
    [['create'], 'NAME is missing'],
    [['create', 'web1', '--on-crash', 'explode'], 'destroy, restart, preserve'],
    [['mem-set', 'web1', 'much'], 'MiB takes a whole number'],
    [['serve', '--port', '70000'], '--port takes a number from 0 to 65535'],
    [['log', '--level', 'loud'], 'debug, info, warning, error'],
    [['image', 'import', 'mine'], '--kernel FILE is missing'],
    [['--home'], '--home takes a folder'],
  ])('refuses %j with status 2', async (args, sentence) => {
    const told = await domus(...args);
    expect(told.status).toBe(2);
    expect(told.stdout).toBe('');
    expect(told.stderr).toContain(sentence);
    if (args[0] === '--home') return;
    const asJson = await domus('--json', ...args);
    expect(asJson.status).toBe(2);
    expect(ErrorShape.parse(JSON.parse(asJson.stdout)).code).toBe('usage');
    expect(asJson.stderr).toBe('');
  });
});

describe('with a daemon', () => {
  it('prints results as text and as JSON', async () => {
    const added = await domus('host', 'add', 'alpha', '--memory', '1024', '--cpus', '2');
    expect(added.stdout).toBe('added host alpha: 1024 MiB, 2 CPUs\n');
    const listed = await domus('--json', 'host', 'list');
    expect(Host.array().parse(JSON.parse(listed.stdout))).toHaveLength(1);
    expect((await domus('host', 'list')).stdout).toMatch(
      /^Name +State +CPUs.*\nalpha +up +2 +1024/,
    );
  });

  it("keeps an error's code and sentence", async () => {
    const args = ['host', 'add', 'alpha', '--memory', '1024', '--cpus', '2'];
    const told = await domus(...args);
    expect(told.status).toBe(1);
    expect(told.stderr).toBe('domus: There is a host "alpha" already.\n');
    expect(JSON.parse((await domus(...args, '--json')).stdout)).toEqual({
      code: 'host.exists',
      message: 'There is a host "alpha" already.',
      data: { host: 'alpha' },
    });
  });

  it('answers arguments that the daemon refuses with status 2', async () => {
    const told = await domus('--json', 'host', 'add', 'a b', '--memory', '0', '--cpus', '2');
    expect(told.status).toBe(2);
    expect(ErrorShape.parse(JSON.parse(told.stdout)).code).toBe('input.invalid');
  });

  it('prints streams a line an item, and the error that ends them', async () => {
    const { status, stdout } = await domus('--json', 'events', '--lines', '3');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    const broken = await domus('--json', 'events', '--lines', '13');
    expect(broken.status).toBe(1);
    expect(ErrorShape.parse(JSON.parse(broken.stdout.trimEnd().split('\n').at(-1)!))).toMatchObject(
      { code: 'site.broken' },
    );
  });

  it('exits with 255 when a command could not be run in a guest', async () => {
    const { status, stderr } = await domus('exec', 'web1', '--', 'true');
    expect(status).toBe(255);
    expect(stderr).toContain('exec is not here');
  });
});
