/** The product itself, as `domus serve` runs it, on a home of its own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Built, as it is shipped, where `npm test` started this; else the sources. */
const CLI =
  process.env['DOMUS_PROGRAM'] ??
  fileURLToPath(new URL('../../main/cli/domus.ts', import.meta.url));
/** A first domain may build the image and boot it. */
const COMMAND_TIMEOUT_MS = 600_000;
const run = promisify(execFile);

export interface Daemon {
  /** What a person opens: address and token. */
  readonly url: string;
  /** Runs a `domus` command and returns what it printed. */
  domus(...words: string[]): Promise<string>;
  stop(): Promise<void>;
}

export async function startDaemon(): Promise<Daemon> {
  const home = await mkdtemp(join(tmpdir(), 'domus-e2e-'));
  const env = { ...process.env, DOMUS_HOME: home };
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { url, token } = JSON.parse(first) as { url: string; token: string };
  return {
    url: `${url}/#token=${token}`,
    domus: async (...words) => {
      const options = { env, timeout: COMMAND_TIMEOUT_MS };
      const { stdout } = await run(process.execPath, [CLI, ...words], options);
      return stdout;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}
