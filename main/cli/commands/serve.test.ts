import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Lines, startDomus } from '../testing/run-domus.ts';

test('a damaged database is kept aside, and the terminal says so', async () => {
  const home = mkdtempSync(join(tmpdir(), 'domus-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'domus.db'), 'this is no database, and it is long enough to be read');
  const daemon = startDomus(['serve', '--port', '0', '--json'], home);
  const exited = once(daemon, 'exit');
  const stdout = new Lines(daemon.stdout);
  const stderr = new Lines(daemon.stderr);
  try {
    expect(JSON.parse((await stdout.next()) ?? '{}')).toMatchObject({ ready: true });
    const said = await stderr.find((line) => line.startsWith('domus: The database was damaged.'));
    const kept = readdirSync(home).find((name) => name.startsWith('domus.db.corrupt-'));
    expect(said).toContain(join(home, kept ?? 'nothing was kept'));
  } finally {
    daemon.kill('SIGTERM');
    await exited;
  }
  expect(await stdout.next()).toBeNull();
});
