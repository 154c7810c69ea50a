import { beforeEach, describe, expect, it } from 'vitest';
import type { GuestDriver } from './testing/guest-driver.ts';
import { TestHost } from './testing/test-host.ts';
import { XsType } from './wire.ts';

let host: TestHost;
let guest: GuestDriver;

beforeEach(() => {
  host = new TestHost();
  guest = host.guest(5);
});

/** Makes directories with twenty children each until refused; returns the refusal. */
function fill(): string {
  for (let i = 0; i < 5000; i++) {
    const answer = guest.write(`data/${Math.floor(i / 20)}/${i % 20}`, '');
    if (answer !== 'OK') return answer;
  }
  return 'never';
}

describe('quotas of a guest', () => {
  it('are 1000 nodes, counting those made on the way', () => {
    expect(fill()).toBe('!ENOSPC');
    expect(host.daemon.stats(5)?.usage.nodes).toBe(1000);
    expect(guest.write('data/1/1', 'still writable')).toBe('OK');
    guest.rm('data/2');
    expect(guest.mkdir('data/1/new')).toBe('OK');
    expect(host.daemon.check()).toEqual([]);
  });

  it('hold for a deep path as a whole: nothing of it is created', () => {
    host.daemon.setQuota(5, { nodes: 4 });
    expect(guest.write('data/a/b/c/d', '')).toBe('!ENOSPC');
    expect(guest.ls('data')).toEqual([]);
    expect(guest.write('data/a/b/c', '')).toBe('OK');
  });

  it('hold for nodes of several transactions together', () => {
    host.daemon.setQuota(5, { nodes: 4 });
    const [one, two] = [guest.begin(), guest.begin()];
    guest.write('data/a', '', one);
    guest.write('data/a/b', '', one);
    expect(guest.write('data/c/d/e/f', '', two)).toBe('!ENOSPC');
    expect(guest.commit(one)).toBe('OK');
    host.daemon.setQuota(5, { nodes: 3 });
    const three = guest.begin();
    expect(guest.write('data/a/c', '', three)).toBe('!ENOSPC');
    guest.abort(three);
  });

  it('are checked again at commit', () => {
    host.daemon.setQuota(5, { nodes: 3 });
    guest.write('data/a', '');
    const tx = guest.begin();
    guest.write('data/a/b', '', tx);
    host.daemon.setQuota(5, { nodes: 2 });
    expect(guest.commit(tx)).toBe('!ENOSPC');
    expect(guest.ls('data/a')).toEqual([]);
  });

  it('are 2048 bytes a node with its permissions and list of children', () => {
    expect(guest.write('data/x', 'v'.repeat(2048 - 16 - 8))).toBe('OK');
    expect(guest.write('data/x', 'v'.repeat(2048 - 16 - 7))).toBe('!ENOSPC');
    let children = 0;
    while (guest.mkdir(`data/${'c'.repeat(95)}${100 + children}`) === 'OK') children++;
    expect(children).toBe(20);
    guest.write('data/x', 'v');
    expect(guest.ls('data')).toHaveLength(21);
  });

  it('are 128 watches', () => {
    for (let i = 0; i < 128; i++) expect(guest.watch('data', `t${i}`)).toBe('OK');
    expect(guest.watch('data', 'one-more')).toBe('!ENOSPC');
    guest.unwatch('data', 't0');
    expect(guest.watch('data', 'one-more')).toBe('OK');
  });

  it('are 10 transactions', () => {
    const open = Array.from({ length: 10 }, () => guest.begin());
    expect(guest.ask(XsType.transactionStart, [''])).toBe('!ENOSPC');
    guest.abort(open[3] ?? 0);
    expect(guest.begin()).toBeGreaterThan(0);
  });

  it('are 1024 nodes looked for in a transaction, which then fails', () => {
    const tx = guest.begin();
    let answer = '!ENOENT';
    let asked = 0;
    for (; answer === '!ENOENT' && asked < 2000; asked++) answer = guest.read(`data/${asked}`, tx);
    expect(answer).toBe('!ENOSPC');
    expect(asked).toBe(1024); // `data` was looked at, too
    expect(guest.commit(tx)).toBe('!ENOMEM');
  });

  it('are 5 permissions a node', () => {
    guest.write('data/x', '');
    expect(guest.setPerms('data/x', ['n5', 'r1', 'r2', 'r3', 'r4'])).toBe('OK');
    expect(guest.setPerms('data/x', ['n5', 'r1', 'r2', 'r3', 'r4', 'r6'])).toBe('!ENOSPC');
  });

  it('are 2.5 MB of memory in all', () => {
    host.daemon.setQuota(5, { nodes: 0 });
    const value = 'v'.repeat(2000);
    let written = 0;
    let answer = 'OK';
    for (; answer === 'OK' && written < 5000; written++) {
      answer = guest.write(`data/${Math.floor(written / 50)}/${written % 50}`, value);
    }
    expect(answer).toBe('!ENOMEM');
    expect(written).toBeGreaterThan(1000);
    expect(host.daemon.stats(5)?.usage.memory).toBeLessThanOrEqual(2.5 * 1024 * 1024);
  });

  it('do not bind domain 0', () => {
    const client = host.client();
    for (let i = 0; i < 1100; i++) client.write(`/d/${i}`, 'v'.repeat(3000));
    for (let i = 0; i < 200; i++) expect(client.watch('/none', `t${i}`)).toBe('OK');
    for (let i = 0; i < 20; i++) expect(client.begin()).toBeGreaterThan(0);
    expect(host.daemon.ls('/d')).toHaveLength(1100);
  });

  it('are given back when the guest goes', () => {
    fill();
    guest.watch('data', 't');
    guest.begin();
    host.daemon.release(5);
    expect(host.daemon.check()).toEqual([]);
    const again = host.guest(5);
    expect(host.daemon.stats(5)?.usage).toEqual({
      nodes: 1,
      watches: 0,
      outstanding: 0,
      transactions: 0,
      memory: '/local/domain/5/data'.length + 16 + 8,
    });
    expect(again.write('data/x', '1')).toBe('OK');
  });
});

describe('a path as deep as can be', () => {
  it('is created, watched and removed', () => {
    const deep = `data${'/d'.repeat(990)}`;
    expect(guest.write(deep, '1')).toBe('OK');
    guest.watch('data', 't');
    guest.takeEvents();
    guest.write(deep, '2');
    expect(guest.takeEvents()).toEqual([[deep, 't']]);
    expect(guest.rm('data/d')).toBe('OK');
    const deepest = '/d'.repeat(1536);
    host.daemon.write(deepest, '1');
    expect(host.daemon.rm('/d')).toBe(true);
    expect(host.daemon.check()).toEqual([]);
  });
});
