import { execFileSync, fork } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrivateKey } from 'openpgp';
import { sourceAssets } from './assets.ts';
import { hasApt } from './debian/apt-command.ts';
import { ImageStore, type ImageStoreOptions } from './image-store.ts';
import type { Image } from './image-folder.ts';
import { writeCpio } from './initramfs/cpio.ts';
import type { ImageProgress } from './progress.ts';
import { writeKernel } from './testing/kernel-files.ts';
import {
  imagePackages,
  SmallMirror,
  throwAwayKey,
  userlandPackages,
} from './testing/small-mirror.ts';

let key: PrivateKey;
let armoredKey: string;
let folder: string;
let mirror: SmallMirror;

beforeAll(async () => {
  const made = await throwAwayKey();
  key = made.key;
  armoredKey = made.publicKey.armor();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domus-images-'));
  await mkdir(join(folder, 'keys'));
  await writeFile(join(folder, 'keys/test.asc'), armoredKey);
  mirror = await SmallMirror.start();
  await publish(imagePackages(50, '6.1.176-1'));
});

afterEach(async () => {
  await mirror[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function publish(kernels: ReturnType<typeof imagePackages>): Promise<void> {
  const packages = [...kernels, ...userlandPackages];
  await mirror.publish({ name: 'bookworm', archive: 'debian', packages, key });
  await mirror.publish({
    name: 'bookworm-security',
    archive: 'debian-security',
    packages: [],
    key,
  });
}

function options(name = 'store'): ImageStoreOptions {
  return {
    directory: join(folder, name),
    source: 'http',
    mirror: mirror.address,
    assets: { ...sourceAssets, keys: join(folder, 'keys') },
  };
}

const program = join(import.meta.dirname, 'testing/ensure-image.ts');

const code = (value: string): unknown => expect.objectContaining({ code: value });

async function contents(image: Image): Promise<[string, string][]> {
  const names = [...Object.keys(image.manifest.files), 'manifest.json'].sort();
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => [
      name,
      await readFile(join(image.directory, name), 'base64'),
    ]),
  );
}

describe('building', () => {
  it('makes an image once, and asks the network no more', async () => {
    const seen: ImageProgress[] = [];
    const store = new ImageStore(options());
    const image = await store.ensure({ onProgress: (progress) => seen.push(progress) });
    expect(Object.keys(image.manifest.files).sort()).toEqual([
      'config',
      'initrd.img',
      'seabios.bin',
      'vgabios.bin',
      'vmlinuz',
    ]);
    expect(image.manifest.kernel).toEqual({ release: '6.1.0-50-686-pae', version: '6.1.176-1' });
    expect(image.built).toMatchObject({ source: 'http', warnings: [] });
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ phase: 'publish', fraction: 1 });

    const requests = mirror.requests.length;
    expect((await new ImageStore(options()).ensure()).manifest).toEqual(image.manifest);
    expect(mirror.requests.length).toBe(requests);
    expect(await readdir(options().directory)).toEqual(['.locks', image.manifest.id]);
  });

  it('gives the same bytes from the same packages', async () => {
    const first = await new ImageStore(options('one')).ensure();
    const second = await new ImageStore(options('two')).ensure();
    expect(await contents(second)).toEqual(await contents(first));
  });

  it('gives the same bytes through apt as over HTTP', async (context) => {
    if (!(await hasApt())) context.skip('this machine has no apt-get');
    const overHttp = await new ImageStore(options('one')).ensure();
    const byApt = await new ImageStore({ ...options('two'), source: 'apt' }).ensure();
    expect(byApt.built.source).toBe('apt');
    expect(await contents(byApt)).toEqual(await contents(overHttp));
  });

  it('refuses through apt, too, what another key signed', async (context) => {
    if (!(await hasApt())) context.skip('this machine has no apt-get');
    const store = new ImageStore({ ...options(), source: 'apt', assets: sourceAssets });
    await expect(store.ensure()).rejects.toThrow(code('image.apt-failed'));
  });

  it('takes the newest kernel, or the one asked for', async () => {
    await publish([
      ...imagePackages(50, '6.1.176-1').slice(1),
      ...imagePackages(54, '6.1.190-1'),
      ...imagePackages(9, '6.1.27-1').slice(1),
    ]);
    const store = new ImageStore(options());
    const older = await store.ensure({ kernelVersion: '6.1.176' });
    expect(older.manifest.kernel.release).toBe('6.1.0-50-686-pae');
    expect((await store.build()).manifest.kernel.version).toBe('6.1.190-1');
    expect((await store.ensure()).manifest.kernel.version).toBe('6.1.190-1');
    expect((await store.ensure({ kernelVersion: '6.1.0-50' })).manifest).toEqual(older.manifest);
    await expect(store.ensure({ kernelVersion: '5.10' })).rejects.toThrow(
      expect.objectContaining({
        code: 'image.no-kernel',
        data: { asked: '5.10', available: ['6.1.176-1', '6.1.190-1', '6.1.27-1'] },
      }),
    );
  });

  it('builds again when a file of ours in the guest has changed', async () => {
    const rootfs = join(folder, 'rootfs');
    const { cp } = await import('node:fs/promises');
    await cp(sourceAssets.rootfs, rootfs, { recursive: true });
    const store = new ImageStore({
      ...options(),
      assets: { ...sourceAssets, rootfs, keys: join(folder, 'keys') },
    });
    const before = await store.ensure();
    await appendFile(join(rootfs, 'init'), '\n');
    const after = await store.ensure();
    expect(after.manifest.id).not.toBe(before.manifest.id);
  });

  it('is done by one process at a time, and once', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<string>((resolve, reject) => {
            const child = fork(program, [JSON.stringify(options())], {
              execArgv: ['--no-warnings'],
            });
            child.on('message', (id) => resolve(String(id)));
            child.on('exit', (status) => reject(new Error(`ended with ${status} and no answer`)));
          }),
      ),
    );
    expect(new Set(ids).size).toBe(1);
    expect(mirror.requests.filter((path) => path.includes('seabios')).length).toBe(1);
  });

  it('leaves nothing behind when it is cancelled in the middle', async () => {
    const stop = new AbortController();
    const store = new ImageStore(options());
    const onProgress = ({ phase }: ImageProgress): void => {
      if (phase === 'download') stop.abort();
    };
    await expect(store.ensure({ signal: stop.signal, onProgress })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    expect(await readdir(options().directory)).toEqual(['.locks']);
    await expect(store.ensure()).resolves.toBeDefined();
  });

  it('goes on after a process that was killed in the middle', async () => {
    const child = fork(program, [JSON.stringify(options())], { execArgv: ['--no-warnings'] });
    mirror.onRequest = (path) => {
      if (path.includes('/pool/')) child.kill('SIGKILL');
    };
    await new Promise((resolve) => child.on('exit', resolve));
    delete mirror.onRequest;
    expect(await readdir(options().directory)).toContainEqual(expect.stringMatching(/^\.new-/));
    const image = await new ImageStore(options()).ensure();
    expect(await readdir(options().directory)).toEqual(['.locks', image.manifest.id]);
  });

  it('refuses a mirror that is none', async () => {
    const store = new ImageStore({ ...options(), mirror: 'nonsense' });
    await expect(store.ensure()).rejects.toThrow(code('image.bad-mirror'));
  });

  it('says that the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(new ImageStore(options('file/below')).list()).rejects.toThrow(/ENOTDIR/);
  });
});

describe('keeping', () => {
  it.each<[string, (image: Image) => Promise<void>]>([
    [
      'a changed file',
      async (image) => {
        const path = join(image.directory, 'initrd.img');
        const bytes = await readFile(path);
        bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
        await writeFile(path, bytes);
      },
    ],
    ['a truncated file', (image) => truncate(join(image.directory, 'vmlinuz'), 100)],
    ['a missing file', (image) => rm(join(image.directory, 'seabios.bin'))],
    [
      'a manifest that is nonsense',
      (image) => writeFile(join(image.directory, 'manifest.json'), '{'),
    ],
  ])('sets an image with %s aside and builds it again', async (_, damage) => {
    const store = new ImageStore(options());
    const image = await store.ensure();
    const whole = await contents(image);
    await damage(image);
    await expect(store.open(image.manifest.id)).rejects.toThrow(code('image.corrupt'));
    const aside = await readdir(join(options().directory, '.set-aside'));
    expect(aside).toEqual([expect.stringContaining(image.manifest.id)]);
    expect(await contents(await store.ensure())).toEqual(whole);
  });

  it('replaces a damaged image on the way, and says so', async () => {
    const store = new ImageStore(options());
    const image = await store.ensure();
    await writeFile(
      join(image.directory, 'config'),
      'x'.repeat(image.manifest.files['config']?.sizeBytes ?? 0),
    );
    const messages: string[] = [];
    await store.ensure({ onProgress: ({ message }) => messages.push(message) });
    expect(messages[0]).toMatch(/is damaged: config has changed.*set aside/);
  });

  it('lists, removes, and knows what it does not have', async () => {
    const store = new ImageStore(options());
    expect(await store.list()).toEqual([]);
    const { manifest } = await store.ensure();
    expect((await store.list()).map(({ id }) => id)).toEqual([manifest.id]);
    await store.remove(manifest.id);
    expect(await store.list()).toEqual([]);
    await expect(store.remove(manifest.id)).rejects.toThrow(code('image.unknown'));
    await expect(store.open('../etc')).rejects.toThrow(code('image.unknown'));
  });
});

describe('importing', () => {
  const cpio = writeCpio([{ kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('x') }]);

  async function files(
    kernel: Buffer,
    initrd: Buffer,
  ): Promise<{ kernelPath: string; initrdPath: string }> {
    const kernelPath = join(folder, 'My Kernel');
    const initrdPath = join(folder, 'initrd');
    await writeFile(kernelPath, kernel);
    await writeFile(initrdPath, initrd);
    return { kernelPath, initrdPath };
  }

  it.each([
    ['plain', cpio],
    ['compressed', gzipSync(cpio)],
  ])('takes in a kernel and a %s initrd', async (_, initrd) => {
    const store = new ImageStore(options());
    const request = await files(writeKernel(), initrd);
    const image = await store.import({ ...request, commandLine: 'console=hvc0 quiet' });
    expect(image.manifest).toMatchObject({
      title: 'My Kernel',
      origin: { kind: 'import' },
      kernel: { release: '6.1.0-test' },
      commandLine: 'console=hvc0 quiet',
      agent: false,
    });
    expect(await readFile(image.path('vmlinuz') ?? '')).toEqual(writeKernel());
    expect((await store.import({ ...request, commandLine: 'console=hvc0 quiet' })).directory).toBe(
      image.directory,
    );
  });

  it.each<[string, Buffer, Buffer, string]>([
    ['a kernel that is none', Buffer.from('hello'), cpio, 'image.not-a-kernel'],
    ['an empty kernel', Buffer.alloc(0), cpio, 'image.not-a-kernel'],
    ['half a kernel', writeKernel().subarray(0, 2000), cpio, 'image.truncated'],
    [
      'a 64-bit kernel',
      writeKernel((head) => head.writeUInt16LE(1, 0x236)),
      cpio,
      'image.64-bit-kernel',
    ],
    ['an empty initrd', writeKernel(), Buffer.alloc(0), 'image.not-an-initrd'],
    ['an initrd that is none', writeKernel(), Buffer.from('hello there'), 'image.not-an-initrd'],
    ['half an initrd', writeKernel(), cpio.subarray(0, 120), 'image.truncated'],
    ['half a compressed initrd', writeKernel(), gzipSync(cpio).subarray(0, 40), 'image.truncated'],
    ['a compressed half', writeKernel(), gzipSync(cpio.subarray(0, 120)), 'image.truncated'],
  ])('refuses %s and leaves nothing behind', async (_, kernel, initrd, expected) => {
    const store = new ImageStore(options());
    const request = await files(kernel, initrd);
    await expect(store.import(request)).rejects.toThrow(code(expected));
    expect(await readdir(options().directory)).toEqual(['.locks']);
  });

  it('refuses paths, names and command lines that cannot be', async () => {
    const store = new ImageStore(options());
    const good = await files(writeKernel(), cpio);
    const refused = async (change: object, expected: string): Promise<void> => {
      await expect(store.import({ ...good, ...change })).rejects.toThrow(code(expected));
    };
    await refused({ kernelPath: join(folder, 'nothing') }, 'image.no-file');
    await refused({ kernelPath: folder }, 'image.no-file');
    await refused({ initrdPath: '/dev/null' }, 'image.no-file');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await refused({ kernelPath: pipe }, 'image.no-file');
    await refused({ commandLine: 'a\nb' }, 'image.bad-command-line');
    await refused({ commandLine: 'x'.repeat(3000) }, 'image.bad-command-line');
    await refused({ name: '../up' }, 'image.bad-name');
  });
});
