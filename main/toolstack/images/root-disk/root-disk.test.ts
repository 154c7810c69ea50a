import { execFileSync } from 'node:child_process';
import {
  createWriteStream,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { installedPackages } from './build-disk.ts';
import { makeFileSystem, ownerCommands } from './file-system.ts';
import { isWanted } from './overlay.ts';
import { bootstrapArguments, diskPackages } from './recipe.ts';
import { runTool } from './run-tool.ts';
import { rawToQcow2 } from './to-qcow2.ts';
import { bootstrapMode } from './tools.ts';

const plan = {
  mode: 'unshare' as const,
  mirrorRoots: { main: 'http://mirror/debian', security: 'http://mirror/debian-security' },
  suites: ['bookworm'],
  keyring: '/build/archive.gpg',
  overlay: '/build/overlay.tar',
  release: '6.1.0-50-686-pae',
  status: '/build/status',
};

describe('the recipe of the root disk', () => {
  test('reads only the suites that can be read, with Debian’s own keys', () => {
    const sources = (suites: string[]): string[] =>
      bootstrapArguments({ ...plan, suites }).filter((argument) => argument.startsWith('deb '));
    const main = 'deb [signed-by=/build/archive.gpg] http://mirror/debian bookworm main';
    expect(sources(['bookworm'])).toEqual([main]);
    expect(sources(['bookworm', 'bookworm-security'])).toEqual([
      main,
      'deb [signed-by=/build/archive.gpg] http://mirror/debian-security bookworm-security main',
    ]);
  });

  test('takes all of its packages, for i386, in the mode that this machine allows', () => {
    const args = bootstrapArguments(plan);
    expect(args).toEqual(
      expect.arrayContaining([
        '--mode=unshare',
        '--architectures=i386',
        `--include=${diskPackages.join(',')}`,
      ]),
    );
  });

  test.each([
    ['lib/modules/6.1/kernel/fs/ext4/ext4.ko', true],
    ['lib/modules/6.1/kernel/net/ipv4/netfilter/ip_tables.ko', true],
    ['lib/modules/6.1/kernel/drivers/net/xen-netfront.ko', true],
    ['lib/modules/6.1/kernel/drivers/net/tun.ko', true],
    ['lib/modules/6.1/modules.builtin', true],
    ['lib/modules/6.1/kernel/drivers/net/ethernet/intel/e1000/e1000.ko', false],
    ['lib/modules/6.1/kernel/drivers/gpu/drm/drm.ko', false],
    ['lib/modules/6.1/kernel/drivers/block/floppy.ko', false],
    ['boot/vmlinuz-6.1', false],
  ])('takes the module %s: %s', (path, wanted) => {
    expect(isWanted(path)).toBe(wanted);
  });

  test('keeps what dpkg has installed, by name', () => {
    const status =
      'Package: zlib1g\nStatus: install ok installed\nArchitecture: i386\nVersion: 1:1.2\n\n' +
      'Package: gone\nStatus: deinstall ok config-files\nArchitecture: i386\nVersion: 1\n\n' +
      'Package: apt\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.6.1\n';
    expect(installedPackages(status)).toEqual([
      { name: 'apt', version: '2.6.1', architecture: 'i386' },
      { name: 'zlib1g', version: '1:1.2', architecture: 'i386' },
    ]);
  });
});

describe('a machine without the tools', () => {
  test('is told what to install', async () => {
    await expect(bootstrapMode([temporaryFolder()])).rejects.toMatchObject({
      code: 'image.missing-tools',
      message: expect.stringMatching(/mmdebstrap.*apt install mmdebstrap e2fsprogs tar/) as string,
    });
  });
});

describe('a tool', () => {
  test('that fails is said with what it said last', async () => {
    const failing = runTool('sh', ['-c', 'echo hello >&2; echo "E: no such suite" >&2; exit 3']);
    await expect(failing).rejects.toMatchObject({
      code: 'image.tool-failed',
      message: expect.stringContaining('(exit status 3). It said: E: no such suite') as string,
    });
  });

  test('is asked to end when it is cancelled, and has cleaned up when that is answered', async () => {
    const mark = join(temporaryFolder(), 'mark');
    const controller = new AbortController();
    const script = `trap 'echo clean >${mark}; exit 1' TERM; echo ready >&2; while :; do sleep 0.05; done`;
    const running = runTool('sh', ['-c', script], {
      signal: controller.signal,
      onLine: () => controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(readFileSync(mark, 'utf8')).toBe('clean\n');
  });
});

describe('the file system', () => {
  test('is what the archive says, whoever makes it, and has no fault', async () => {
    const folder = temporaryFolder();
    const archive = join(folder, 'root.tar');
    const tar = pack();
    tar.entry({ name: './etc/', type: 'directory', mode: 0o755 });
    tar.entry({ name: './etc/shadow', mode: 0o640, uid: 0, gid: 42 }, 'root:!:\n');
    tar.entry({ name: './etc/with space', mode: 0o644, uid: 1000, gid: 1000 }, 'x');
    tar.entry({ name: './etc/su', mode: 0o4755 }, 'x');
    tar.entry({ name: './etc/same', type: 'link', linkname: './etc/su' });
    tar.entry({ name: './etc/soft', type: 'symlink', linkname: 'su' });
    tar.finalize();
    await pipeline(tar, createWriteStream(archive));
    const image = join(folder, 'root.ext4');
    await makeFileSystem({
      archive,
      tree: join(folder, 'tree'),
      image,
      bytes: 64 * 2 ** 20,
      uuid: '00000000-0000-4000-8000-000000000001',
    });
    const debugfs = (command: string): string =>
      execFileSync('/usr/sbin/debugfs', ['-R', command, image], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString();
    expect(debugfs('stat /etc/shadow')).toMatch(/Mode: +0640[^]*User: +0 +Group: +42 /);
    expect(debugfs('stat "/etc/with space"')).toMatch(/User: +1000 +Group: +1000 /);
    expect(debugfs('stat /etc/su')).toMatch(/Mode: +04755[^]*Links: 2 /);
    expect(debugfs('stat /etc/soft')).toContain('Type: symlink');
    expect(debugfs('stat /dev')).toMatch(/Type: directory[^]*User: +0 /);
  });

  test('belongs to nobody of the machine that made it', () => {
    const entries = [
      { name: './etc/', uid: 0, gid: 0, type: 'directory' as const },
      { name: './etc/shadow', uid: 0, gid: 42, type: 'file' as const },
      { name: './etc/same', uid: 0, gid: 42, type: 'link' as const },
    ];
    expect(ownerCommands(entries, 0)).toEqual(['sif "/etc/shadow" gid 42']);
    expect(ownerCommands(entries, 1000)).toEqual([
      'sif "/etc" uid 0',
      'sif "/etc" gid 0',
      'sif "/etc/shadow" uid 0',
      'sif "/etc/shadow" gid 42',
    ]);
  });
});

describe('the disk', () => {
  test('has the raw one’s content, and takes room only for what is not zero', async () => {
    const folder = await folderWith();
    const [raw, qcow2] = [join(folder, 'a.raw'), join(folder, 'a.qcow2')];
    writeFileSync(raw, Buffer.alloc(100_000, 7));
    truncateSync(raw, 256 * 2 ** 20);
    const last = openSync(raw, 'r+');
    writeFileSync(last, Buffer.alloc(3, 1));
    const told: number[] = [];
    await rawToQcow2(raw, qcow2, { onFraction: (done) => told.push(done) });
    expect(told.at(-1)).toBe(1);
    execFileSync('qemu-img', ['check', '-q', qcow2]);
    expect(execFileSync('qemu-img', ['compare', raw, qcow2]).toString()).toContain('identical');
    expect(statSync(qcow2).size).toBeLessThan(2 ** 20);
  });
});

async function folderWith(): Promise<string> {
  const folder = join(temporaryFolder(), 'disk');
  await mkdir(folder);
  return folder;
}
