import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Domain } from '../shared/contract/index.ts';
import { connectHome } from './api/client/index.ts';
import type { DomusClient } from './api/client/index.ts';
import { WatchedConsole } from './api/testing/watched-console.ts';
import { startSite } from './start-site.ts';
import type { RunningSite } from './start-site.ts';
import { resolveHome } from './toolstack/home.ts';

const home = mkdtempSync(join(tmpdir(), 'domus-whole-'));
const options = { home, demo: false, version: 'test', port: 0 };
let running: RunningSite;
let client: DomusClient;

beforeAll(async () => {
  running = await startSite(options);
  client = connectHome(resolveHome({ home }));
});
afterAll(async () => {
  client.close();
  await running.stop();
  rmSync(home, { recursive: true, force: true });
});

async function done(id: string): Promise<Domain> {
  const task = await client.site.tasks.wait({ id });
  expect(task.error).toBeNull();
  return task.result as Domain;
}

async function create(name: string, host: string): Promise<Domain> {
  return done((await client.site.domains.create({ name, host })).id);
}

describe('a whole site', () => {
  it('is found through its home by programs of the same user only', () => {
    const file = resolveHome({ home }).daemonInfo;
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('refuses a second program on its home, and says who has it', async () => {
    await expect(startSite(options)).rejects.toMatchObject({
      code: 'home.in-use',
      message: expect.stringContaining(running.url) as string,
    });
  });

  it('gives every viewer the same console, to type into and to read', async () => {
    await create('web1', 'alpha');
    const one = await WatchedConsole.open(client, 'web1');
    one.type('\recho $((6*7))\r');
    await one.shows('\n42');
    const two = await WatchedConsole.open(client, 'web1');
    await two.shows('\n42');
    two.type('echo $((7*7))\r');
    await one.shows('\n49');
    await two.shows('\n49');
    one.close();
    two.close();
  });

  it('brings every byte of a guest that prints without end', async () => {
    const console = await WatchedConsole.open(client, 'web1');
    const last = 60_000;
    console.type(`echo; seq 1 ${last}; echo e''nd\r`);
    await console.prints(/\nend\r/);
    const text = console.text;
    const numbers = text
      .slice(text.indexOf('\n1\r\n') + 1, text.indexOf('\r\nend\r'))
      .split('\r\n');
    expect(numbers.length).toBe(last);
    expect(numbers.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
    expect(console.resets).toBe(1);
    console.close();
  });

  it('keeps a console open over a move, and the shell counting', async () => {
    const console = await WatchedConsole.open(client, 'web1');
    console.type('n=0; while sleep 0.1; do n=$((n+1)); echo "at $n"; done\r');
    await console.prints(/at 3\r/);
    const task = await client.site.domains.migrate({ domain: 'web1', host: 'beta' });
    await done(task.id);
    const before = console.counted();
    await console.prints(new RegExp(`at ${before + 5}\r`));
    const counts = [...console.text.matchAll(/at (\d+)\r/g)].map(([, n]) => Number(n));
    expect(counts).toEqual(counts.map((_, index) => index + 1));
    expect(console.resets).toBe(1);
    expect((await client.site.domains.get({ domain: 'web1' })).host).toBe('beta');
    console.type('\x03');
    console.close();
  });

  it('keeps what was on the screen over a reboot, and counts dmesg anew', async () => {
    const console = await WatchedConsole.open(client, 'web1');
    console.type('\recho before$((1+1))\r');
    await console.shows('before2');
    await done((await client.site.domains.reboot({ domain: 'web1' })).id);
    await console.prints(/Restarting system[^]*Linux version[^]*web1:~#/);
    await console.shows('before2');
    expect((await client.site.domains.dmesg({ domain: 'web1' })).text).not.toContain('before2');
    expect(console.resets).toBe(1);
    console.close();
  });

  it('ends the console of a domain that is deleted, with the reason', async () => {
    await create('brief', 'alpha');
    const console = await WatchedConsole.open(client, 'brief');
    const task = await client.site.domains.delete({ domain: 'brief', force: true });
    await done(task.id);
    expect(await console.ended).toMatchObject({ code: 'console.gone' });
  });

  it('remembers what ran when it was stopped', async () => {
    await running.stop();
    expect(existsSync(resolveHome({ home }).daemonInfo)).toBe(false);
    await expect(client.site.domains.list()).rejects.toMatchObject({ code: 'daemon.not-running' });
    running = await startSite(options);
    expect(await client.site.domains.get({ domain: 'web1' })).toMatchObject({
      state: 'shut-off',
      wasRunning: true,
    });
  });
});
