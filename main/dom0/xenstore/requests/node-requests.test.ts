import { beforeEach, describe, expect, it } from 'vitest';
import type { GuestDriver } from '../testing/guest-driver.ts';
import { TestHost } from '../testing/test-host.ts';
import { XsType } from '../wire.ts';

let host: TestHost;
let guest: GuestDriver;
let client: GuestDriver;

beforeEach(() => {
  host = new TestHost();
  guest = host.guest(5);
  client = host.client();
});

describe('READ and WRITE', () => {
  it('carry a value without a NUL of their own', () => {
    expect(guest.write('data/x', 'hello')).toBe('OK');
    expect(guest.raw(XsType.read, 'data/x\0')).toBe('hello');
  });

  it('carry any bytes', () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    guest.raw(XsType.write, Buffer.concat([Buffer.from('data/x\0'), value]));
    expect(Buffer.from(guest.read('data/x'), 'latin1')).toEqual(value);
    expect(host.daemon.readBytes('/local/domain/5/data/x')).toEqual(new Uint8Array(value));
  });

  it('create missing parents with empty values', () => {
    guest.write('data/a/b/c', '1');
    expect([guest.read('data/a'), guest.read('data/a/b'), guest.read('data/a/b/c')]).toEqual([
      '',
      '',
      '1',
    ]);
  });

  it('let a node have a value and children at once', () => {
    guest.write('data/a', 'value');
    guest.write('data/a/b', '');
    expect(guest.read('data/a')).toBe('value');
    expect(guest.ls('data/a')).toEqual(['b']);
  });

  it('keep the children of a node that is written', () => {
    guest.write('data/a/b', '1');
    guest.write('data/a', '2');
    expect(guest.read('data/a/b')).toBe('1');
  });

  it('refuse malformed requests', () => {
    expect(guest.raw(XsType.read, 'data')).toBe('!EINVAL');
    expect(guest.raw(XsType.read, 'data\0more\0')).toBe('!EINVAL');
    expect(guest.raw(XsType.read, '')).toBe('!EINVAL');
    expect(guest.raw(XsType.write, 'data/x')).toBe('!EINVAL');
    expect(guest.read('data/')).toBe('!EINVAL');
    expect(guest.read('@releaseDomain')).toBe('!EINVAL');
  });
});

describe('MKDIR', () => {
  it('creates a node, and leaves an existing one alone', () => {
    expect(guest.mkdir('data/a')).toBe('OK');
    guest.write('data/a', 'kept');
    expect(guest.mkdir('data/a')).toBe('OK');
    expect(guest.read('data/a')).toBe('kept');
  });
});

describe('RM', () => {
  it('removes a node and everything below it', () => {
    guest.write('data/a/b/c', '1');
    expect(guest.rm('data/a')).toBe('OK');
    expect(guest.ls('data')).toEqual([]);
    expect(guest.read('data/a/b/c')).toBe('!ENOENT');
    expect(host.daemon.check()).toEqual([]);
  });

  it('is content without the node if the immediate parent is there', () => {
    expect(guest.rm('data/none')).toBe('OK');
    expect(guest.rm('data/none/below')).toBe('!ENOENT');
  });

  it('does not remove the root', () => {
    expect(client.rm('/')).toBe('!EINVAL');
  });

  it('asks for permission', () => {
    expect(guest.rm('name')).toBe('!EACCES');
    expect(guest.read('name')).toBe('guest-5');
  });
});

describe('DIRECTORY', () => {
  it('lists children in order of creation', () => {
    for (const leaf of ['z', 'a', 'm']) guest.write(`data/${leaf}`, '');
    expect(guest.ls('data')).toEqual(['z', 'a', 'm']);
    expect(guest.raw(XsType.directory, 'data/a\0')).toBe('');
  });

  it('answers E2BIG for a list that does not fit; DIRECTORY_PART gives it in parts', () => {
    const names = Array.from({ length: 400 }, (_, index) => `child-with-a-long-name-${index}`);
    for (const name of names) client.write(`/big/${name}`, '');
    expect(client.ls('/big')).toBe('!E2BIG');
    let list = '';
    let generation: string | undefined;
    for (;;) {
      const answer = client.raw(XsType.directoryPart, `/big\0${list.length}\0`);
      expect(answer.length).toBeLessThanOrEqual(4096);
      const head = answer.slice(0, answer.indexOf('\0'));
      generation ??= head;
      expect(head).toBe(generation);
      list += answer.slice(head.length + 1);
      if (list.endsWith('\0\0')) break;
    }
    expect(list.split('\0').filter((name) => name !== '')).toEqual(names);
    client.write('/big/one-more', '');
    expect(client.raw(XsType.directoryPart, '/big\x000\0').startsWith(`${generation}\0`)).toBe(
      false,
    );
  });

  it('gives an empty name for a part beyond the end', () => {
    expect(client.raw(XsType.directoryPart, '/tool\x005000\0')).toMatch(/^\d+\0\0$/);
    expect(client.raw(XsType.directoryPart, '/tool\0\0')).toBe('!EINVAL');
    expect(client.raw(XsType.directoryPart, '/tool\0')).toBe('!EINVAL');
  });
});

describe('permissions', () => {
  it('tell a missing node from a forbidden one only where the caller may look', () => {
    expect(guest.read('none')).toBe('!ENOENT');
    expect(guest.read('/local/domain/6/none')).toBe('!EACCES');
    expect(guest.write('none', '')).toBe('!EACCES');
    expect(guest.read('/tool')).toBe('!EACCES');
  });

  it('give a new node its parent’s list, and its creator the ownership', () => {
    host.daemon.write('/shared', '');
    host.daemon.setPerms('/shared', ['n0', 'b5', 'r6']);
    expect(guest.write('/shared/x', '1')).toBe('OK');
    expect(guest.perms('/shared/x')).toBe('n5 b5 r6');
    host.daemon.write('/shared/y', '');
    expect(host.daemon.getPerms('/shared/y')).toEqual(['n0', 'b5', 'r6']);
  });

  it('may be set by the owner, who cannot give the node away', () => {
    guest.write('data/x', '1');
    expect(guest.setPerms('data/x', ['r5', 'w6'])).toBe('OK');
    expect(guest.perms('data/x')).toBe('r5 w6');
    expect(guest.setPerms('data/x', ['n6'])).toBe('!EPERM');
    expect(guest.setPerms('name', ['n5'])).toBe('!EACCES');
    expect(client.setPerms('/local/domain/5/data/x', ['n6'])).toBe('OK');
    expect(guest.read('data/x')).toBe('!EACCES');
  });

  it('refuse malformed lists', () => {
    for (const perms of [[], ['q5'], ['n'], ['n70000'], ['n5', '']]) {
      expect(guest.setPerms('data', perms)).toBe('!EINVAL');
    }
  });

  it('let others write but not change permissions', () => {
    const other = host.guest(6);
    guest.write('data/x', '1');
    guest.setPerms('data/x', ['n5', 'b6']);
    expect(other.write('/local/domain/5/data/x', '2')).toBe('OK');
    expect(other.setPerms('/local/domain/5/data/x', ['n5'])).toBe('!EACCES');
    expect(guest.read('data/x')).toBe('2');
  });

  it('of the special names can be read and set by domain 0', () => {
    expect(client.perms('@releaseDomain')).toBe('n0');
    expect(guest.perms('@releaseDomain')).toBe('!EACCES');
    expect(client.setPerms('@releaseDomain', ['n0', 'r5'])).toBe('OK');
    expect(guest.perms('@releaseDomain')).toBe('n0 r5');
  });
});

describe('unknown requests', () => {
  it.each([15, 16, 20, 27, 1000, 0xffff, 0xffffffff])('of type %i get ENOSYS', (type) => {
    expect(guest.raw(type, 'x\0')).toBe('!ENOSYS');
  });

  it('in a transaction nobody opened get ENOENT', () => {
    expect(guest.read('data', 77)).toBe('!ENOENT');
  });
});
