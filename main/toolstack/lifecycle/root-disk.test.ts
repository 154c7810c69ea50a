import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeDisks } from '../disks/plan-disks.ts';
import type { BootableImage, ImageRecord } from '../image-source.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { ImageDisks, planRootDisk } from './root-disk.ts';
import type { RootDiskParts } from './root-disk.ts';

const MIB = 2 ** 20;
const image: ImageRecord = {
  id: 'debian-disk-6.1~1',
  name: 'debian',
  kind: 'built',
  kernelVersion: '6.1',
  cmdline: '',
  sizeBytes: 1,
  diskBytes: 8 * MIB,
  createdAtMs: 0,
  isDefault: false,
};

const site = await TestStorage.open();
const path = join(site.folder, 'image.qcow2');
execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '8M']);
execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 64k', path]);
let loads = 0;
const parts: RootDiskParts = {
  ...site.parts,
  imageDisks: new ImageDisks(),
  images: {
    load: () => {
      loads++;
      const disk = { path, format: 'qcow2', bytes: 8 * MIB } as const;
      return Promise.resolve({ id: image.id, disk } as BootableImage);
    },
  },
};
const at = (volume: string): string => join(site.folder, 'pools/default', volume);

describe('the root disk of a domain', () => {
  test('is an overlay over one copy of the image’s, however many are made at once', async () => {
    const before = readFileSync(path);
    const plans = await Promise.all([
      planRootDisk(parts, 'web1', image, undefined),
      planRootDisk(parts, 'web2', image, 16),
    ]);
    await Promise.all(plans.map(makeDisks));
    expect(loads).toBe(1);
    expect(plans.flat().map(({ definition }) => definition)).toMatchObject([
      { name: 'xvda', source: 'default/web1-root.qcow2', bytes: 8 * MIB },
      { name: 'xvda', source: 'default/web2-root.qcow2', bytes: 16 * MIB },
    ]);
    for (const name of ['web1-root.qcow2', 'web2-root.qcow2']) {
      const volume = await site.parts.poolViews.volume(`default/${name}`);
      expect(volume.over).toBe('default/debian-disk-6.1-1.qcow2');
      execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'read -P 7 1M 64k', at(name)]);
    }
    expect(readFileSync(path)).toEqual(before);
  });

  test('leaves that of an earlier domain of that name alone', async () => {
    const [planned] = await planRootDisk(parts, 'web1', image, undefined);
    expect(planned!.definition.source).toBe('default/web1-root-2.qcow2');
  });

  test('is taken back when its domain is not created', async () => {
    const planned = await planRootDisk(parts, 'web3', image, undefined);
    await makeDisks(planned);
    expect(existsSync(at('web3-root.qcow2'))).toBe(true);
    await planned[0]!.undo();
    expect(existsSync(at('web3-root.qcow2'))).toBe(false);
  });

  test('is not smaller than the image’s, and not there for an image without one', async () => {
    await expect(planRootDisk(parts, 'web4', image, 4)).rejects.toMatchObject({
      code: 'volume.too-small',
      data: { image: 'debian', leastMiB: 8 },
    });
    expect(await planRootDisk(parts, 'web4', null, undefined)).toEqual([]);
    const diskless = { ...image, diskBytes: null };
    await expect(planRootDisk(parts, 'web4', diskless, 16)).rejects.toMatchObject({
      code: 'image.no-disk',
    });
  });
});
