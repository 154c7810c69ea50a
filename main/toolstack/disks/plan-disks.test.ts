import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CreateDomain, NewDisk } from '../../../shared/contract/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { qemuCheck, qemuImg } from '../../dom0/block/testing/qemu-img.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { makeDisks, planDisks } from './plan-disks.ts';

const MIB = 2 ** 20;

async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was not refused');
}

const { parts } = await TestStorage.open();

describe('what becomes of a disk that is asked for', () => {
  test('its real path, a free name, a format by its name', async () => {
    const folder = temporaryFolder();
    const real = join(folder, 'a.qcow2');
    writeFileSync(real, 'x');
    writeFileSync(join(folder, 'b'), Buffer.alloc(1024));
    symlinkSync(real, join(folder, 'link'));
    const planned = await planDisks(
      parts,
      'web1',
      [],
      [
        { source: join(folder, 'link'), name: 'xvdb', format: 'qcow2' },
        { source: join(folder, 'b') },
      ],
    );
    expect(planned.map(({ definition }) => definition)).toEqual([
      {
        name: 'xvdb',
        source: real,
        format: 'qcow2',
        readOnly: false,
        discard: true,
        onError: 'pause',
        bytes: null,
      },
      {
        name: 'xvda',
        source: join(folder, 'b'),
        format: 'raw',
        readOnly: false,
        discard: true,
        onError: 'pause',
        bytes: 1024,
      },
    ]);
    const [byName] = await planDisks(parts, 'web1', [], [{ source: real }]);
    expect(byName!.definition.format).toBe('qcow2');
  });

  test('a new file of that size, with nothing in it, that can be taken back', async () => {
    const path = join(temporaryFolder(), 'new.img');
    const planned = await planDisks(parts, 'web1', [], [{ source: path, sizeMiB: 100 }]);
    expect(existsSync(path)).toBe(false);
    await makeDisks(planned);
    expect(statSync(path)).toMatchObject({ size: 100 * MIB, blocks: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await planned[0]!.undo();
    expect(existsSync(path)).toBe(false);
  });

  test('a new qcow2 file, by its name or as it is said', async () => {
    const folder = temporaryFolder();
    const named = join(folder, 'a.qcow2');
    const said = join(folder, 'b');
    const planned = await planDisks(
      parts,
      'web1',
      [],
      [
        { source: named, sizeMiB: 100 },
        { source: said, sizeMiB: 100, format: 'qcow2' },
      ],
    );
    await makeDisks(planned);
    for (const path of [named, said]) {
      expect(qemuCheck(path)).toBe('clean');
      expect(qemuImg('info', path)).toContain('100 MiB');
    }
    expect(planned.map(({ definition }) => definition.bytes)).toEqual([100 * MIB, 100 * MIB]);
  });

  test('a new volume, that can be taken back', async () => {
    const planned = await planDisks(parts, 'web1', [], [{ source: 'default/root', sizeMiB: 8 }]);
    await makeDisks(planned);
    const { folder } = parts.storage.pools.get('default');
    expect(planned[0]!.definition).toMatchObject({ source: 'default/root', format: 'raw' });
    expect(statSync(folder.at('root'))).toMatchObject({ size: 8 * MIB, blocks: 0 });
    const [byPath] = await planDisks(parts, 'db1', [], [{ source: folder.at('root') }]);
    expect(byPath!.definition).toMatchObject({ source: 'default/root', bytes: 8 * MIB });
    await planned[0]!.undo();
    expect(existsSync(folder.at('root'))).toBe(false);
  });

  test('nothing at all when one of several cannot be made', async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    const planned = await planDisks(
      parts,
      'web1',
      [],
      [
        { source: at('first'), sizeMiB: 1 },
        { source: at('second'), sizeMiB: 1 },
      ],
    );
    writeFileSync(at('second'), 'somebody else’s');
    await expect(makeDisks(planned)).rejects.toMatchObject({ code: 'disk.file-exists' });
    expect(existsSync(at('first'))).toBe(false);
    expect(readFileSync(at('second'), 'utf8')).toBe('somebody else’s');
  });

  test('the address of a network block device', async () => {
    const source = 'nbd://127.0.0.1:10809/root';
    const [planned] = await planDisks(parts, 'web1', [], [{ source: 'nbd://127.0.0.1/root' }]);
    expect(planned!.definition).toMatchObject({ source, format: 'raw', bytes: null });
  });

  test('a refusal that says of what, and leaves nothing', async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('old'), 'content');
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('fifo')]);
    await makeDisks(
      await planDisks(
        parts,
        'web1',
        [],
        [{ source: 'default/there', sizeMiB: 1, format: 'qcow2' }],
      ),
    );
    const cases: [NewDisk, string][] = [
      [{ source: 'relative.img' }, 'disk.bad-source'],
      [{ source: '/a\0b' }, 'disk.bad-source'],
      [{ source: at('none') }, 'disk.no-file'],
      [{ source: at('old/below') }, 'disk.no-file'],
      [{ source: at('none/new'), sizeMiB: 1 }, 'disk.no-file'],
      [{ source: at('folder') }, 'disk.not-a-disk'],
      [{ source: at('folder'), readOnly: true }, 'disk.not-a-disk'],
      [{ source: at('fifo') }, 'disk.not-a-disk'],
      [{ source: '/dev/null' }, 'disk.not-a-disk'],
      [{ source: at('old'), sizeMiB: 1 }, 'disk.file-exists'],
      [{ source: at('new'), sizeMiB: 1, readOnly: true }, 'disk.not-made'],
      [{ source: 'nbd://127.0.0.1/a', sizeMiB: 1 }, 'disk.not-made'],
      [{ source: 'nbd://127.0.0.1/a', format: 'qcow2' }, 'disk.other-format'],
      [{ source: 'default/none' }, 'volume.unknown'],
      [{ source: 'none/there' }, 'pool.unknown'],
      [{ source: 'default/there', sizeMiB: 1 }, 'volume.exists'],
      [{ source: 'default/there', format: 'raw' }, 'disk.other-format'],
      [{ source: at('old'), name: 'xvda' }, 'disk.name-taken'],
      [{ source: at('first'), sizeMiB: 1 }, 'disk.in-use'],
    ];
    for (const [asked, code] of cases) {
      const refused = await refusal(
        planDisks(parts, 'web1', [], [{ source: at('first'), name: 'xvda', sizeMiB: 1 }, asked]),
      );
      expect({ asked, code: refused.code }).toEqual({ asked, code });
    }
    expect(readdirSync(folder).sort()).toEqual(['fifo', 'folder', 'old']);
  });

  test('sixteen at most', async () => {
    const folder = temporaryFolder();
    const asked = Array.from({ length: 17 }, (_, n) => ({
      source: join(folder, `${n}`),
      sizeMiB: 1,
    }));
    expect((await refusal(planDisks(parts, 'web1', [], asked))).code).toBe('disk.too-many');
  });
});

describe('the contract refuses a disk', () => {
  test.each([
    { source: '' },
    { source: 'x'.repeat(5000) },
    { source: '/a', sizeMiB: 0 },
    { source: '/a', sizeMiB: 1.5 },
    { source: '/a', sizeMiB: 2 ** 40 },
    { source: '/a', name: 'sda' },
    { source: '/a', name: 'xvda1' },
    { source: '/a', name: '../xvda' },
    { source: '/a', format: 'vmdk' },
  ])('%j', (disk) => {
    expect(NewDisk.safeParse(disk).success).toBe(false);
    expect(CreateDomain.safeParse({ name: 'web1', disks: [disk] }).success).toBe(false);
  });
});
