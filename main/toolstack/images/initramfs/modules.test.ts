import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeModule } from '../testing/kernel-files.ts';
import { readModuleInfo } from './modinfo.ts';
import { moduleEntries } from './modules.ts';

const root = 'lib/modules/6.1.0-1';
const kernel = new Map([
  [`${root}/modules.builtin`, Buffer.from('kernel/net/ipv6/ipv6.ko\n')],
  [
    `${root}/kernel/fs/ext4.ko`,
    writeModule({
      name: 'ext4',
      depends: 'jbd2,crc16',
      softdep: 'pre: crc32c',
      alias: ['fs-ext4', 'ext3'],
    }),
  ],
  [`${root}/kernel/fs/jbd2.ko`, writeModule({ name: 'jbd2', depends: 'crc16' })],
  [`${root}/kernel/lib/crc16.ko`, writeModule({ name: 'crc16', depends: '' })],
  [
    `${root}/kernel/drivers/xen-blkfront.ko`,
    writeModule({ name: 'xen_blkfront', alias: 'xen:vbd' }),
  ],
  [`${root}/kernel/drivers/other.ko`, writeModule({ name: 'other', depends: 'missing' })],
]);

function chosen(wanted: string[]): Map<string, string> {
  return new Map(
    moduleEntries('6.1.0-1', kernel, wanted).map((entry) => [
      entry.path.slice(root.length + 1),
      entry.kind === 'file' ? Buffer.from(entry.data).toString('latin1') : '',
    ]),
  );
}

describe('moduleEntries', () => {
  it('takes what a module needs along, each after those that need it', () => {
    expect(chosen(['ext4']).get('modules.dep')).toBe(
      'kernel/fs/ext4.ko: kernel/fs/jbd2.ko kernel/lib/crc16.ko\n' +
        'kernel/fs/jbd2.ko: kernel/lib/crc16.ko\n' +
        'kernel/lib/crc16.ko:\n',
    );
  });

  it('finds a module by either spelling and lists its aliases', () => {
    const files = chosen(['xen-blkfront']);
    expect(files.has('kernel/drivers/xen-blkfront.ko')).toBe(true);
    expect(files.get('modules.alias')).toBe('alias xen:vbd xen_blkfront\n');
  });

  it('passes over what is built in, and what is only wished for', () => {
    expect([...chosen(['ipv6', 'ext4']).keys()]).not.toContain('kernel/net/ipv6/ipv6.ko');
  });

  it('names a module that the kernel does not have', () => {
    expect(() => chosen(['nothing'])).toThrow('no module nothing');
    expect(() => chosen(['other'])).toThrow('no module missing, needed by other');
  });

  it('gives the same whatever the order of the package', () => {
    const reversed = new Map([...kernel].reverse());
    expect(moduleEntries('6.1.0-1', reversed, ['ext4', 'xen_blkfront'])).toEqual(
      moduleEntries('6.1.0-1', kernel, ['xen-blkfront', 'ext4']),
    );
  });
});

describe('readModuleInfo', () => {
  it('takes no bytes for a module that are none, and never fails on them', () => {
    const module = writeModule({ name: 'x' });
    fc.assert(
      fc.property(
        fc.nat(module.length - 1),
        fc.nat(255),
        fc.nat(module.length),
        (at, value, end) => {
          const damaged = Buffer.from(module.subarray(0, end));
          if (at < end) damaged[at] = value;
          readModuleInfo(damaged);
        },
      ),
    );
    expect(readModuleInfo(Buffer.from('hello'))).toBeUndefined();
    expect(readModuleInfo(module)?.name).toBe('x');
  });
});
