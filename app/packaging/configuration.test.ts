import { join } from 'node:path';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { DebugLogger } from 'builder-util';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const read = () => getConfig(root, 'electron-builder.yml', null);

it('electron-builder.yml is what electron-builder’s own schema allows', async () => {
  await expect(
    validateConfiguration(await read(), new DebugLogger(false)),
  ).resolves.toBeUndefined();
});

it('a key that the schema does not know would be refused', async () => {
  const wrong = { ...(await read()), asarUnpacked: ['dist/main/**'] };
  await expect(validateConfiguration(wrong, new DebugLogger(false))).rejects.toThrow(
    /asarUnpacked/,
  );
});

it('makes the installers of three systems', async () => {
  const { linux, mac, win } = await read();
  expect([linux?.target, mac?.target, win?.target]).toEqual([
    ['AppImage', 'deb'],
    ['dmg'],
    ['nsis'],
  ]);
});
