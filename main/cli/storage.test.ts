/** Pools and volumes as a person has them: the command, a real daemon, and no guests. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pool, Volume } from '../../shared/contract/index.ts';
import { qemuCheck, qemuImg, qemuIo } from '../dom0/block/testing/qemu-img.ts';
import { ServedHome } from './testing/served-home.ts';

let served: ServedHome;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-files-'));
  served = await ServedHome.start();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('pools', () => {
  it('are listed, added and removed', async () => {
    expect(await served.json(Pool.array(), 'pool', 'list')).toMatchObject([
      { name: 'default', kind: 'shared', path: join(served.home, 'pools/default'), fault: null },
    ]);
    const added = await served.json(Pool, 'pool', 'add', 'nas', '--path', at('nas'));
    expect(added).toMatchObject({ name: 'nas', kind: 'shared', host: null, path: at('nas') });
    expect(await served.text('pool', 'add', 'fast', '--local', 'alpha')).toContain(
      'added pool fast',
    );
    const { code, status } = await served.failure('host', 'remove', 'alpha');
    expect({ code, status }).toEqual({ code: 'host.has-pools', status: 1 });
    const lines = (await served.text('pool', 'list')).split('\n');
    expect(lines[0]).toMatch(/^Name +Kind +Host +Volumes +Free +Size +Folder$/);
    expect(lines.find((line) => line.startsWith('fast'))).toMatch(/^fast +local +alpha +0 /);
    await served.text('pool', 'remove', 'fast');
    expect((await served.failure('pool', 'remove', 'fast')).code).toBe('pool.unknown');
  });
});

describe('volumes', () => {
  it('are created, laid over, cloned, grown and deleted', async () => {
    const created = ['volume', 'create', 'default/base', '--size', '64'];
    expect(await served.text(...created)).toBe('created default/base (qcow2, 64 MiB)\n');
    expect((await served.failure(...created)).code).toBe('volume.exists');
    const over = ['--over', 'default/base'];
    expect(await served.text('volume', 'create', 'default/top', ...over)).toBe(
      'created default/top (qcow2, 64 MiB, over default/base)\n',
    );
    expect((await served.failure('volume', 'delete', 'default/base')).code).toBe(
      'volume.has-overlays',
    );
    const clone = await served.json(Volume, 'volume', 'clone', 'default/top', 'nas/whole');
    expect(clone).toMatchObject({ pool: 'nas', name: 'whole', over: null });
    expect(await served.text('volume', 'resize', 'nas/whole', '--size', '128')).toContain(
      '128 MiB',
    );
    const lines = (await served.text('volume', 'list', 'default')).split('\n');
    expect(lines.find((line) => line.startsWith('default/base'))).toMatch(
      / qcow2 +- +volume default\/top$/,
    );
    expect((await served.failure('volume', 'list', 'none')).code).toBe('pool.unknown');
    await served.text('volume', 'delete', 'default/top');
    await served.text('volume', 'delete', 'default/base');
    expect(await served.json(Volume.array(), 'volume', 'list')).toMatchObject([{ name: 'whole' }]);
  });

  it('are sent and fetched', async () => {
    qemuImg('create', '-f', 'qcow2', at('a.qcow2'), '64M');
    qemuIo(at('a.qcow2'), 'write -P 5 1M 3M');
    const sent = await served.json(Volume, 'volume', 'upload', at('a.qcow2'), 'default/a');
    expect(sent).toMatchObject({ format: 'qcow2', bytes: 64 * 2 ** 20 });
    expect(await served.text('volume', 'download', 'default/a', at('b.qcow2'))).toContain(
      'downloaded',
    );
    expect(readFileSync(at('b.qcow2')).equals(readFileSync(at('a.qcow2')))).toBe(true);
    expect(qemuCheck(at('b.qcow2'))).toBe('clean');
    const again = await served.failure('volume', 'download', 'default/a', at('b.qcow2'));
    expect(again.code).toBe('file.unusable');
    writeFileSync(at('sparse'), Buffer.alloc(8 * 2 ** 20));
    await served.text('volume', 'upload', at('sparse'), 'default/sparse');
    await served.text('volume', 'download', 'default/sparse', at('sparse2'));
    const { size, blocks } = statSync(at('sparse2'));
    expect(size).toBe(8 * 2 ** 20);
    expect(blocks * 512).toBeLessThan(64 * 1024);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('refuse what is wrong, and say what to do', async () => {
    writeFileSync(at('plain'), 'plain text');
    writeFileSync(at('guess'), readFileSync(at('a.qcow2')));
    for (const [words, code, status] of [
      [['create', 'web1', '--size', '1'], 'usage', 2],
      [['create', 'default/..', '--size', '1'], 'input.invalid', 2],
      [['create', 'default/x'], 'volume.size-missing', 1],
      [['upload', at('plain'), 'default/x', '--format', 'qcow2'], 'disk.not-qcow2', 1],
      [['upload', at('guess'), 'default/x'], 'usage', 2],
      [['upload', at('none'), 'default/x'], 'file.unusable', 1],
      [['download', 'default/none', at('x')], 'volume.unknown', 1],
    ] as const) {
      const failed = await served.failure('volume', ...words);
      expect({ words, code: failed.code, status: failed.status }).toEqual({ words, code, status });
    }
  });
});
