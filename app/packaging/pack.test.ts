/**
 * The application as a person would get it, packed against a stand-in for Electron's files. The
 * installers need tools that electron-builder downloads: this goes as far as the unpacked
 * application, which is what they wrap.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractFile, listPackage, statFile } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAndPack } from '../testing/packed-app.ts';
import type { PackedApp } from '../testing/packed-app.ts';
import { runPacked } from '../testing/packed-run.ts';

/** A switch in Electron's executable is one character. */
const Fuse = { off: '0'.charCodeAt(0), on: '1'.charCodeAt(0) } as const;

let app: PackedApp;

beforeAll(async () => {
  app = await buildAndPack();
});
afterAll(() => (app as PackedApp | undefined)?.[Symbol.dispose]());

const unpacked = (path: string): string => join(`${app.archive}.unpacked`, path);

describe('the archive', () => {
  it('holds the shell, and as real files beside it all that threads and pages need', () => {
    const inArchive = ['package.json', 'dist/app/main.js', 'dist/app/preload.cjs'];
    expect(inArchive.filter((path) => isUnpacked(path))).toEqual([]);
    const beside = [
      ...[
        'index.js',
        'package.json',
        'rootfs/init',
        'rootfs/lib/domus/agent',
        'debian-root/etc/inittab',
        'keys/debian-bookworm-stable.asc',
      ],
      ...['api', 'console', 'domain', 'host', 'toolstack'].map((name) => `${name}.worker.js`),
    ].map((path) => `dist/main/${path}`);
    const emulator = ['package.json', 'LICENSE', 'build/libv86.mjs', 'build/v86.wasm'];
    const all = [
      ...beside,
      ...emulator.map((path) => `node_modules/v86/${path}`),
      'dist/renderer/index.html',
    ];
    expect(all.filter((path) => !isUnpacked(path) || !existsSync(unpacked(path)))).toEqual([]);
  });

  it('holds nothing else: no sources, no tests, no other packages', () => {
    const files = listPackage(app.archive, { isPack: false }).map((path) =>
      path.replaceAll('\\', '/'),
    );
    const expected =
      /^\/(package\.json|LICENSE|dist(\/.*)?|node_modules|node_modules\/v86(\/.*)?)$/;
    expect(files.filter((path) => !expected.test(path))).toEqual([]);
    expect(files.filter((path) => /\.(ts|tsx|map)$/.test(path))).toEqual([]);
  });

  it('starts at the shell', () => {
    const manifest = JSON.parse(extractFile(app.archive, 'package.json').toString()) as object;
    expect(manifest).toMatchObject({ name: 'domus', main: 'dist/app/main.js', type: 'module' });
  });

  it('names the licenses of what was bundled', () => {
    expect(readFileSync(unpacked('dist/main/LICENSES.md'), 'utf8')).toContain('@orpc/server');
  });

  function isUnpacked(path: string): boolean {
    const stat = statFile(app.archive, path);
    return 'unpacked' in stat && stat.unpacked === true;
  }
});

it('Electron’s doors for other people’s code are closed', async () => {
  const fuses = await getCurrentFuseWire(join(app.folder, 'domus-desktop'));
  expect(fuses[FuseV1Options.RunAsNode]).toBe(Fuse.off);
  expect(fuses[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(Fuse.off);
  expect(fuses[FuseV1Options.EnableNodeCliInspectArguments]).toBe(Fuse.off);
  expect(fuses[FuseV1Options.OnlyLoadAppFromAsar]).toBe(Fuse.on);
});

it('the packed program starts, shows its page, answers it, and ends', async () => {
  const report = await runPacked(app);
  expect(report).toMatchObject({
    page: { address: 'app://domus/' },
    hosts: ['alpha', 'beta'],
    http: { pageHasRoot: true, site: { version: expect.any(String) as string } },
    errors: [],
    exit: 0,
  });
  expect(report.page.scriptBytes).toBeGreaterThan(100_000);
});
