/** Pools and volumes as a person has them: the command, a real daemon, and no guests. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Pool, Volume } from '../../shared/contract/index.ts';
import { qemuCheck, qemuImg, qemuIo } from '../dom0/block/testing/qemu-img.ts';
import { HangingFolder } from '../toolstack/testing/hanging-folder.ts';
import { domusInShell, runForBytes, startDomus } from './testing/run-domus.ts';
import { ServedHome } from './testing/served-home.ts';

const MIB = 2 ** 20;
const PATIENCE = { timeout: 30_000 };
let served: ServedHome;
let folder: string;
const at = (name: string): string => join(folder, name);
const inPool = (volume: string): string => join(served.home, 'pools/default', volume);
const unfinished = (): string[] =>
  readdirSync(inPool('.domus')).filter((name) => name.endsWith('.part'));
const piped = (args: readonly string[], input = Buffer.alloc(0)): ReturnType<typeof runForBytes> =>
  runForBytes(args, { home: served.home, input });
const inShell = (...words: string[]): string => domusInShell(['volume', ...words], served.home);

/** Bytes that a process had in memory at most; 0 when it has ended. */
function mostMemory(pid: number): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

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

  it('go through pipes, byte for byte, with nothing between', async () => {
    const content = randomBytes(9 * MIB + 17);
    const sent = await piped(['--json', 'volume', 'upload', '-', 'default/piped'], content);
    expect(sent).toMatchObject({ status: 0, stderr: '' });
    expect(Volume.parse(JSON.parse(sent.stdout.toString()))).toMatchObject({
      format: 'raw',
      bytes: 9 * MIB + 512,
    });
    expect(readFileSync(inPool('piped')).equals(content)).toBe(true);
    for (const words of [['default/piped'], ['default/piped', '-']]) {
      const got = await piped(['volume', 'download', ...words]);
      expect(got).toMatchObject({ status: 0, stderr: '' });
      expect(got.stdout.equals(content)).toBe(true);
    }
    const told = await piped(['--json', 'volume', 'download', 'default/piped', '-']);
    expect(told.stdout.equals(content)).toBe(true);
    expect(JSON.parse(told.stderr)).toEqual({ bytes: content.length });
    const image = readFileSync(at('a.qcow2'));
    const qcow2 = ['default/piped', '-', '--format', 'qcow2'];
    expect((await piped(['volume', 'upload', ...qcow2], image)).status).toBe(0);
    const text = await piped(['volume', 'upload', 'default/text'], Buffer.from('some text'));
    expect(text.stdout.toString()).toBe('uploaded default/text (raw, 1 MiB)\n');
    expect(readFileSync(inPool('text'), 'utf8')).toBe('some text');
  });

  it('whose bytes do not come through a pipe leave what was there, and nothing else', async () => {
    writeFileSync(inPool('kept'), 'before');
    const upload = ['--json', 'volume', 'upload', '-'];
    for (const [words, input, code] of [
      [['default/kept', '--bytes', '11'], 'ten bytes.', 'volume.not-whole'],
      [['default/kept', '--bytes', '9'], 'ten bytes.', 'volume.not-whole'],
      [['default/new', '--bytes', '11'], 'ten bytes.', 'volume.not-whole'],
      [['default/kept'], '', 'volume.empty'],
      [['default/kept'], readFileSync(at('a.qcow2')), 'usage'],
      [['default/kept', '--format', 'qcow2'], 'ten bytes.', 'disk.not-qcow2'],
      [['none/new'], 'ten bytes.', 'pool.unknown'],
    ] as const) {
      const failed = await piped([...upload, ...words], Buffer.from(input));
      expect(JSON.parse(failed.stdout.toString())).toMatchObject({ code });
      expect(failed.status).toBe(code === 'usage' ? 2 : 1);
    }
    const none = await piped(['--json', 'volume', 'download', 'default/none', '-']);
    expect(none).toMatchObject({ status: 1, stdout: Buffer.alloc(0) });
    expect(JSON.parse(none.stderr)).toMatchObject({ code: 'volume.unknown' });
    const full = spawnSync('sh', ['-c', `${inShell('download', 'default/piped', '-')} >/dev/full`]);
    expect({ status: full.status, stderr: full.stderr.toString() }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^domus: .*no space left/i) as string,
    });
    for (const volume of ['kept', 'new']) {
      const child = startDomus(['volume', 'upload', '-', `default/${volume}`], served.home);
      child.stdin.write(randomBytes(MIB));
      await vi.waitFor(() => expect(unfinished()).toHaveLength(1), PATIENCE);
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(unfinished()).toEqual([]), PATIENCE);
    }
    expect(readFileSync(inPool('kept'), 'utf8')).toBe('before');
    expect(existsSync(inPool('new'))).toBe(false);
  });

  it('that are refused do not wait for the end of what is piped in', async () => {
    const child = startDomus(['volume', 'upload', '-', 'none/new'], served.home);
    child.stdin.write('the first bytes');
    const [status] = (await once(child, 'exit')) as [number];
    expect(status).toBe(1);
  });

  it('are not typed in, and not thrown at a terminal', () => {
    for (const [words, what] of [
      [['download', 'default/piped'], 'output'],
      [['download', 'default/piped', '-'], 'output'],
      [['upload', 'default/piped'], 'input'],
      [['upload', '-', 'default/piped'], 'input'],
    ] as const) {
      // What runs under script(1) has a terminal on all of its streams.
      const ran = spawnSync('script', ['-qec', inShell(...words), '/dev/null'], { input: '' });
      expect(ran.stdout.toString()).toMatch(
        new RegExp(`^domus: Standard ${what} is a terminal: name a FILE, or .*\\s*$`),
      );
      expect(ran.status).toBe(2);
    }
    // Content on its way to a file, and how far it is on the terminal.
    const to = `${inShell('download', 'default/piped', '-')} >'${at('through')}'`;
    const ran = spawnSync('script', ['-qec', to, '/dev/null'], { input: '' });
    expect(ran.stdout.toString()).toContain('Fetching default/piped  ');
    expect(readFileSync(at('through')).equals(readFileSync(inPool('piped')))).toBe(true);
  });

  it('of any size take no more memory on their way', async () => {
    const bytes = 512 * MIB;
    const piece = randomBytes(MIB);
    const upload = startDomus(['volume', 'upload', '-', 'default/large'], served.home);
    for (let sent = 0; sent < bytes; sent += piece.length) {
      if (!upload.stdin.write(piece)) await once(upload.stdin, 'drain');
    }
    expect(mostMemory(upload.pid!)).toBeLessThan(bytes / 2);
    upload.stdin.end();
    expect(await once(upload, 'exit')).toEqual([0, null]);
    const download = startDomus(['volume', 'download', 'default/large', '-'], served.home);
    let got = 0;
    let most = 0;
    for await (const chunk of download.stdout) {
      if (Math.floor(got / MIB) % 16 === 0) most = mostMemory(download.pid!) || most;
      got += (chunk as Buffer).length;
    }
    expect(got).toBe(bytes);
    expect(most).toBeGreaterThan(MIB);
    expect(most).toBeLessThan(bytes / 2);
    await served.text('volume', 'delete', 'default/large');
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

describe('a pool whose folder does not answer', () => {
  it('is listed as such beside the others, and does not keep the daemon from ending', async () => {
    await using own = await ServedHome.start();
    await own.text('pool', 'add', 'nas', '--path', at('away'));
    await own.text('volume', 'create', 'nas/a', '--size', '1');
    await own.text('volume', 'create', 'default/near', '--size', '1');
    using _ = new HangingFolder(at('away'), 'a');
    // The first to stand there is who opens a disk; the others go on meanwhile.
    const refused = own.failure('create', 'web1', '--disk', 'nas/a');
    await own.text('volume', 'create', 'default/nearer', '--size', '1');
    await own.text('volume', 'resize', 'default/nearer', '--size', '2');
    expect(await refused).toMatchObject({ code: 'pool.unavailable' });
    const listed = await own.text('pool', 'list');
    const lines = listed.split('\n');
    expect(lines.find((line) => line.startsWith('nas '))).toMatch(/^nas +shared +- +\? +\? +\? /);
    expect(lines.find((line) => line.startsWith('default '))).toMatch(/^default +shared +- +2 /);
    expect(listed).toMatch(/^nas: The folder of pool nas \(.*\) does not answer\./m);
    own.daemon.kill('SIGTERM');
    // Its thread stands there still; all else was written down.
    expect(await once(own.daemon, 'exit')).toEqual([null, 'SIGKILL']);
    await using next = await ServedHome.start(own.home);
    expect(await next.text('log')).toMatch(/^.* site +closed$/m);
  });
});
