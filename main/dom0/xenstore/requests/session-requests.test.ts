import { beforeEach, describe, expect, it } from 'vitest';
import type { GuestDriver } from '../testing/guest-driver.ts';
import { TestHost } from '../testing/test-host.ts';
import { XsType } from '../wire.ts';

let host: TestHost;
let guest: GuestDriver;

beforeEach(() => {
  host = new TestHost();
  guest = host.guest(5);
});

describe('a watch', () => {
  it('fires once when it is registered, after the reply, with its own path', () => {
    const order: string[] = [];
    const driver = host.client();
    const send = driver.send.bind(driver);
    driver.send = (bytes) => {
      order.push(...([16, 4, 15].includes(bytes[0] ?? -1) ? [String(bytes[0])] : []));
      return send(bytes);
    };
    expect(driver.watch('/none', 'token')).toBe('OK');
    expect(driver.takeEvents()).toEqual([['/none', 'token']]);
    expect(order[0]).toBe('4');
  });

  it('hears of changes at and below its path', () => {
    guest.watch('/local/domain/5/data', 't');
    guest.takeEvents();
    guest.write('data', '1');
    guest.write('data/a/b', '1');
    guest.mkdir('data/c');
    guest.setPerms('data/c', ['n5']);
    guest.rm('data/a');
    guest.mkdir('data/c'); // exists: no change
    expect(guest.takeEvents()).toEqual(
      ['', '/a/b', '/c', '/c', '/a'].map((below) => [`/local/domain/5/data${below}`, 't']),
    );
  });

  it('that is relative gets relative paths', () => {
    guest.watch('data', 'FFFF8800');
    guest.write('data/x', '1');
    guest.write('/local/domain/5/data/y', '1');
    expect(guest.takeEvents()).toEqual([
      ['data', 'FFFF8800'],
      ['data/x', 'FFFF8800'],
      ['data/y', 'FFFF8800'],
    ]);
  });

  it('hears of the removal of an ancestor under its own path', () => {
    guest.write('data/a/b', '1');
    guest.watch('data/a/b', 't');
    guest.takeEvents();
    guest.rm('data/a');
    expect(guest.takeEvents()).toEqual([['data/a/b', 't']]);
  });

  it('does not hear of neighbours with a longer name', () => {
    guest.watch('data/a', 't');
    guest.takeEvents();
    guest.write('data/ab', '1');
    expect(guest.takeEvents()).toEqual([]);
  });

  it('with a depth hears of so many levels', () => {
    guest.watch('data', 'zero', 0);
    guest.watch('data', 'one', 1);
    guest.takeEvents();
    guest.write('data/a', '1');
    guest.write('data/a/b', '1');
    guest.write('data', '1');
    expect(guest.takeEvents()).toEqual([
      ['data/a', 'one'],
      ['data', 'zero'],
      ['data', 'one'],
    ]);
    expect(guest.ask(XsType.watch, ['data', 't', '-1'])).toBe('!EINVAL');
    expect(guest.ask(XsType.watch, ['data', 't', 'x'])).toBe('!EINVAL');
  });

  it('on the root counts depth from there', () => {
    const client = host.client();
    client.watch('/', 'one', 1);
    client.takeEvents();
    client.write('/a', '');
    client.write('/a/b', '');
    expect(client.takeEvents()).toEqual([['/a', 'one']]);
  });

  it('cannot be registered twice, nor removed twice', () => {
    expect(guest.watch('data', 't')).toBe('OK');
    expect(guest.watch('/local/domain/5/data', 't')).toBe('!EEXIST');
    expect(guest.watch('data', 'u')).toBe('OK');
    expect(guest.unwatch('data', 't')).toBe('OK');
    expect(guest.unwatch('data', 't')).toBe('!ENOENT');
    expect(guest.watch('a//b', 't')).toBe('!EINVAL');
  });

  it('does not tell what its owner may not read', () => {
    guest.watch('/local/domain/6', 'spy');
    guest.takeEvents();
    const other = host.guest(6);
    other.write('data/secret', '1');
    other.rm('data/secret');
    expect(guest.takeEvents()).toEqual([]);
    other.write('data/open', '1');
    other.setPerms('data/open', ['r6']);
    expect(guest.takeEvents()).toEqual([['/local/domain/6/data/open', 'spy']]);
    other.setPerms('data/open', ['n6']); // the last it may hear
    other.write('data/open', '2');
    expect(guest.takeEvents()).toEqual([['/local/domain/6/data/open', 'spy']]);
  });

  it('carries any token but NUL', () => {
    guest.watch('data', '\xff\x01 /@');
    expect(guest.takeEvents()).toEqual([['data', '\xff\x01 /@']]);
  });

  it('ignores the transaction it is sent in', () => {
    expect(guest.ask(XsType.watch, ['data', 't'], 99)).toBe('OK');
  });
});

describe('special watches', () => {
  it('tell domain 0 of domains that come and go', () => {
    const client = host.client();
    client.watch('@introduceDomain', 'i');
    client.watch('@releaseDomain', 'r');
    client.watch('@releaseDomain', 'd', 1);
    client.watch('@releaseDomain/6', 's');
    client.takeEvents();
    host.guest(6);
    expect(client.takeEvents()).toEqual([['@introduceDomain', 'i']]);
    host.daemon.domainShutDown(6);
    host.daemon.domainShutDown(6); // told already
    expect(client.takeEvents()).toEqual([
      ['@releaseDomain', 'r'],
      ['@releaseDomain/6', 'd'],
      ['@releaseDomain/6', 's'],
    ]);
    host.daemon.domainResumed(6);
    host.daemon.release(6);
    expect(client.takeEvents()).toHaveLength(3);
  });

  it('tell guests nothing unless they are permitted to hear it', () => {
    guest.watch('@introduceDomain', 'i');
    guest.takeEvents();
    host.guest(6);
    expect(guest.takeEvents()).toEqual([]);
    host.daemon.setPerms('@introduceDomain', ['n0', 'r5']);
    guest.takeEvents();
    host.guest(7);
    expect(guest.takeEvents()).toEqual([['@introduceDomain', 'i']]);
  });
});

describe('a transaction', () => {
  it('shows its own changes inside and none outside until it is committed', () => {
    const tx = guest.begin();
    guest.write('data/x', '1', tx);
    expect(guest.read('data/x', tx)).toBe('1');
    expect(guest.ls('data', tx)).toEqual(['x']);
    expect(guest.read('data/x')).toBe('!ENOENT');
    expect(guest.commit(tx)).toBe('OK');
    expect(guest.read('data/x')).toBe('1');
    expect(host.daemon.check()).toEqual([]);
  });

  it('fires watches only at commit', () => {
    guest.watch('data', 't');
    guest.takeEvents();
    const tx = guest.begin();
    guest.write('data/x', '1', tx);
    guest.write('data/y', '1', tx);
    guest.write('data/x', '2', tx);
    expect(guest.takeEvents()).toEqual([]);
    guest.commit(tx);
    expect(guest.takeEvents()).toEqual([
      ['data/x', 't'],
      ['data/y', 't'],
    ]);
  });

  it('leaves nothing behind when aborted', () => {
    const tx = guest.begin();
    guest.write('data/x', '1', tx);
    expect(guest.abort(tx)).toBe('OK');
    expect(guest.ls('data')).toEqual([]);
    expect(guest.read('data', tx)).toBe('!ENOENT');
  });

  it('fails with EAGAIN if a node it read has changed', () => {
    guest.write('data/x', '1');
    const tx = guest.begin();
    guest.read('data/x', tx);
    guest.write('data/y', '1', tx);
    guest.write('data/x', '2');
    expect(guest.commit(tx)).toBe('!EAGAIN');
    expect(guest.read('data/y')).toBe('!ENOENT');
  });

  it('fails with EAGAIN if a node it missed has appeared', () => {
    const tx = guest.begin();
    expect(guest.read('data/x', tx)).toBe('!ENOENT');
    guest.write('data/x', '1');
    expect(guest.commit(tx)).toBe('!EAGAIN');
  });

  it('is not bothered by changes elsewhere', () => {
    guest.write('data/x', '1');
    const tx = guest.begin();
    guest.write('data/x', '2', tx);
    host.guest(6).write('data/z', '1');
    host.daemon.write('/local/domain/5/memory/target', '1');
    expect(guest.commit(tx)).toBe('OK');
  });

  it('keeps its first view of a node', () => {
    guest.write('data/x', '1');
    guest.write('data/d/one', '');
    const tx = guest.begin();
    guest.read('data/x', tx);
    guest.ls('data/d', tx);
    guest.write('data/x', '2');
    guest.write('data/d/two', '');
    expect(guest.read('data/x', tx)).toBe('1');
    expect(guest.ls('data/d', tx)).toEqual(['one']);
    expect(guest.ls('data/d')).toEqual(['one', 'two']);
  });

  it('can remove and recreate', () => {
    guest.write('data/a/b', 'old');
    const tx = guest.begin();
    guest.rm('data/a', tx);
    expect(guest.read('data/a/b', tx)).toBe('!ENOENT');
    guest.write('data/a', 'new', tx);
    expect(guest.commit(tx)).toBe('OK');
    expect(guest.read('data/a')).toBe('new');
    expect(guest.ls('data/a')).toEqual([]);
    expect(host.daemon.check()).toEqual([]);
  });

  it('does not nest, and knows T and F only', () => {
    const tx = guest.begin();
    expect(guest.ask(XsType.transactionStart, [''], tx)).toBe('!EBUSY');
    expect(guest.ask(XsType.transactionEnd, ['X'], tx)).toBe('!EINVAL');
    expect(guest.ask(XsType.transactionEnd, ['T'])).toBe('!ENOENT');
    expect(guest.commit(tx)).toBe('OK');
    expect(guest.commit(tx)).toBe('!ENOENT');
  });

  it('belongs to one connection', () => {
    const tx = guest.begin();
    expect(host.guest(6).read('data', tx)).toBe('!ENOENT');
  });
});

describe('RESET_WATCHES', () => {
  it('drops the watches and transactions of the caller', () => {
    const other = host.client();
    other.watch('/local/domain/5', 'other');
    guest.watch('data', 't');
    const tx = guest.begin();
    guest.takeEvents();
    other.takeEvents();
    expect(guest.ask(XsType.resetWatches, [''])).toBe('OK');
    guest.write('data/x', '1');
    expect(guest.takeEvents()).toEqual([]);
    expect(other.takeEvents()).toHaveLength(1);
    expect(guest.read('data', tx)).toBe('!ENOENT');
    expect(guest.watch('data', 't')).toBe('OK');
  });
});
