import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildAndPack } from '../testing/packed-app.ts';
import type { PackedApp } from '../testing/packed-app.ts';
import { runPacked, TIMEOUT_MS } from '../testing/packed-run.ts';

let app: PackedApp;

beforeAll(async () => {
  app = await buildAndPack();
});
afterAll(() => (app as PackedApp | undefined)?.[Symbol.dispose]());

it(
  'a domain of the packed program runs Debian’s kernel and answers',
  async () => {
    const { guest, exit } = await runPacked(app, 'uname -r; cat /sys/hypervisor/type');
    expect(guest).toMatch(/^6\.1\.0-\d+-686-pae\nxen\n$/);
    expect(exit).toBe(0);
  },
  TIMEOUT_MS,
);
