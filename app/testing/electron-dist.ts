/** Stands in for the files of Electron that an application is packed with. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where `@electron/fuses` finds the switches in Electron's executable, and how many there are. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSE_VERSION = 1;
const FUSES = 8;

/** Electron for Linux, as far as electron-builder looks at it. */
export function writeElectronDist(folder: string): void {
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'), { recursive: true });
  const fuses = Buffer.from([FUSE_VERSION, FUSES, ...'1'.repeat(FUSES)].map(fuseByte));
  writeFileSync(join(folder, 'electron'), Buffer.concat([Buffer.from(FUSE_SENTINEL), fuses]));
  chmodSync(join(folder, 'electron'), 0o755);
  writeFileSync(join(folder, 'chrome_crashpad_handler'), '');
  writeFileSync(join(folder, 'locales', 'en-US.pak'), '');
  writeFileSync(join(folder, 'version'), 'stand-in');
  writeFileSync(join(folder, 'LICENSE'), '');
}

function fuseByte(value: number | string): number {
  return typeof value === 'string' ? value.charCodeAt(0) : value;
}
