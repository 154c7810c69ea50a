/** Builds the program into a temporary folder and packs it with the stand-in for Electron. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../packaging/pack.ts';
import { writeElectronDist } from './electron-dist.ts';

const root = join(import.meta.dirname, '..', '..');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

export interface PackedApp extends Disposable {
  /** What a person would get, on Linux. */
  folder: string;
  archive: string;
}

export async function buildAndPack(): Promise<PackedApp> {
  const project = mkdtempSync(join(tmpdir(), 'domus-pack-'));
  const remove = (): void => rmSync(project, { recursive: true, force: true });
  try {
    return { ...(await packInto(project)), [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function packInto(project: string): Promise<{ folder: string; archive: string }> {
  for (const name of ['package.json', 'package-lock.json', 'electron-builder.yml', 'LICENSE']) {
    copyFileSync(join(root, name), join(project, name));
  }
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  const dist = join(project, 'dist');
  build('main/vite.config.ts', join(dist, 'main'));
  build('renderer/vite.config.ts', join(dist, 'renderer'));
  build('app/vite.config.ts', join(dist, 'app'));
  build('app/vite.preload.config.ts', join(dist, 'app'));

  const electronDist = join(project, 'electron');
  writeElectronDist(electronDist);
  const output = join(project, 'release');
  await pack({ projectFolder: project, electronDist, output, unpackedOnly: true });
  const folder = join(output, 'linux-unpacked');
  const archive = join(folder, 'resources', 'app.asar');
  if (!existsSync(archive)) throw new Error(`electron-builder made no ${archive}`);
  return { folder, archive };
}

function build(config: string, outDir: string): void {
  const args = [vite, 'build', '--config', config, '--outDir', outDir, '--logLevel', 'warn'];
  const { status, stderr, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`building ${config} failed:\n${stdout}${stderr}`);
}
