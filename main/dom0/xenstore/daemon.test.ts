import { beforeEach, describe, expect, it } from 'vitest';
import { XenstoreDaemon } from './daemon.ts';
import { XenstoreError, type Errno } from './errno.ts';
import { TestHost } from './testing/test-host.ts';

let daemon: XenstoreDaemon;

beforeEach(() => {
  daemon = new XenstoreDaemon();
});

function code(action: () => unknown): Errno | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof XenstoreError) return error.code;
    throw error;
  }
  return undefined;
}

/** Lets listeners run. */
async function settled(): Promise<void> {
  await Promise.resolve();
}

describe('domain 0’s methods', () => {
  it('read and write text and bytes', () => {
    daemon.write('/a/b', 'größe');
    expect(daemon.read('/a/b')).toBe('größe');
    daemon.write('/a/c', new Uint8Array([0, 255]));
    expect(daemon.readBytes('/a/c')).toEqual(new Uint8Array([0, 255]));
    expect(daemon.ls('/a')).toEqual(['b', 'c']);
    expect([
      daemon.read('/x'),
      daemon.readBytes('/x'),
      daemon.ls('/x'),
      daemon.getPerms('/x'),
    ]).toEqual(Array.from({ length: 4 }, () => undefined));
  });

  it('do not share bytes with their callers', () => {
    const bytes = new Uint8Array([1]);
    daemon.write('/a', bytes);
    bytes[0] = 2;
    const read = daemon.readBytes('/a');
    read?.fill(3);
    expect(daemon.readBytes('/a')).toEqual(new Uint8Array([1]));
  });

  it('remove, and say whether there was something', () => {
    daemon.mkdir('/a/b');
    expect([daemon.rm('/a'), daemon.rm('/a'), daemon.rm('/none/below')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('refuse malformed paths and permissions in words', () => {
    expect(code(() => daemon.write('relative', ''))).toBe('EINVAL');
    expect(code(() => daemon.read('/a//b'))).toBe('EINVAL');
    expect(code(() => daemon.rm('/'))).toBe('EINVAL');
    expect(code(() => daemon.setPerms('/none', ['n0']))).toBe('ENOENT');
    expect(() => daemon.setPerms('/', ['x'])).toThrow(
      'xenstore: cannot set the permissions of /: not permissions: x (EINVAL)',
    );
    expect(code(() => daemon.watch('relative', () => undefined))).toBe('EINVAL');
  });
});

describe('watch', () => {
  it('calls once for the path itself and after each change, not within it', async () => {
    const heard: string[] = [];
    const stop = daemon.watch('/a', (path) => heard.push(path));
    expect(heard).toEqual([]);
    await settled();
    expect(heard.splice(0)).toEqual(['/a']);
    daemon.write('/a/b', '1');
    daemon.write('/a/b', '2');
    daemon.write('/a/c', '1');
    daemon.write('/ab', '1');
    expect(heard).toEqual([]);
    await settled();
    expect(heard.splice(0)).toEqual(['/a/b', '/a/c']);
    daemon.write('/a/d', '1');
    stop();
    daemon.write('/a/e', '1');
    await settled();
    expect(heard).toEqual([]);
  });

  it('lets its listener change the store', async () => {
    daemon.watch('/request', () => daemon.write('/answer', daemon.read('/request') ?? 'none'));
    await settled();
    daemon.write('/request', '42');
    await settled();
    expect(daemon.read('/answer')).toBe('42');
  });

  it('takes a depth and the special names', async () => {
    const heard: string[] = [];
    daemon.watch('/a', (path) => heard.push(path), 1);
    daemon.watch('@introduceDomain', (path) => heard.push(path));
    await settled();
    heard.length = 0;
    daemon.write('/a/b/c', '1');
    daemon.write('/a/b', '1');
    daemon.introduce(7, { send: () => true });
    await settled();
    expect(heard).toEqual(['/a/b', '@introduceDomain']);
  });
});

describe('transaction', () => {
  it('makes all changes or none', () => {
    expect(() =>
      daemon.transaction((store) => {
        store.write('/a', '1');
        expect(store.read('/a')).toBe('1');
        expect(daemon.read('/a')).toBeUndefined();
        throw new Error('changed my mind');
      }),
    ).toThrow('changed my mind');
    expect(daemon.exists('/a')).toBe(false);
    expect(daemon.transaction((store) => store.rm('/tool'))).toBe(true);
    expect(daemon.exists('/tool')).toBe(false);
  });

  it('notices that it was gone around', () => {
    const action = (): void =>
      daemon.transaction((store) => {
        store.write('/a', '1');
        daemon.write('/a', '2');
      });
    expect(code(action)).toBe('EAGAIN');
    expect(daemon.read('/a')).toBe('2');
  });
});

describe('closing', () => {
  it('ends all connections and refuses new ones', () => {
    const host = new TestHost();
    const [guest, client] = [host.guest(5), host.client()];
    host.daemon.close();
    expect([guest.ended, client.ended]).toEqual(['shutdown', 'shutdown']);
    expect(code(() => host.daemon.introduce(6, { send: () => true }))).toBe('EIO');
  });
});
