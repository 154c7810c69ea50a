import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CreateDomain, NewDisk } from '../../../shared/contract/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { planDisks } from './plan-disks.ts';

const MIB = 2 ** 20;

function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was not refused');
}

describe('what becomes of a disk that is asked for', () => {
  test('its real path, a free name, a format by its name', () => {
    const folder = temporaryFolder();
    const real = join(folder, 'a.qcow2');
    writeFileSync(real, 'x');
    writeFileSync(join(folder, 'b'), Buffer.alloc(1024));
    symlinkSync(real, join(folder, 'link'));
    const planned = planDisks(
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
        bytes: 1024,
      },
    ]);
    const [byName] = planDisks('web1', [], [{ source: real }]);
    expect(byName!.definition.format).toBe('qcow2');
  });

  test('a new file of that size, with nothing in it, that can be taken back', () => {
    const path = join(temporaryFolder(), 'new.img');
    const [planned] = planDisks('web1', [], [{ source: path, sizeMiB: 100 }]);
    expect(statSync(path)).toMatchObject({ size: 100 * MIB, blocks: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    planned!.undo();
    expect(existsSync(path)).toBe(false);
  });

  test('a refusal that says of what, and leaves nothing', () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('old'), 'content');
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('fifo')]);
    const cases: [NewDisk, string][] = [
      [{ source: 'relative.img' }, 'disk.bad-path'],
      [{ source: '/a\0b' }, 'disk.bad-path'],
      [{ source: at('none') }, 'disk.no-file'],
      [{ source: at('old/below') }, 'disk.no-file'],
      [{ source: at('none/new'), sizeMiB: 1 }, 'disk.no-file'],
      [{ source: at('folder') }, 'disk.not-a-disk'],
      [{ source: at('folder'), readOnly: true }, 'disk.not-a-disk'],
      [{ source: at('fifo') }, 'disk.not-a-disk'],
      [{ source: '/dev/null' }, 'disk.not-a-disk'],
      [{ source: at('old'), sizeMiB: 1 }, 'disk.file-exists'],
      [{ source: at('new'), sizeMiB: 1, format: 'qcow2' }, 'disk.not-made'],
      [{ source: at('new'), sizeMiB: 1, readOnly: true }, 'disk.not-made'],
      [{ source: at('old'), name: 'xvda' }, 'disk.name-taken'],
      [{ source: at('first') }, 'disk.in-use'],
    ];
    for (const [asked, code] of cases) {
      const refused = refusal(() =>
        planDisks('web1', [], [{ source: at('first'), name: 'xvda', sizeMiB: 1 }, asked]),
      );
      expect({ asked, code: refused.code }).toEqual({ asked, code });
      expect(existsSync(at('first'))).toBe(false);
      expect(existsSync(at('new'))).toBe(false);
    }
  });

  test('sixteen at most', () => {
    const folder = temporaryFolder();
    const asked = Array.from({ length: 17 }, (_, n) => ({
      source: join(folder, `${n}`),
      sizeMiB: 1,
    }));
    expect(refusal(() => planDisks('web1', [], asked)).code).toBe('disk.too-many');
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
