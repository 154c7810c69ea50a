import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

export interface RunningSite {
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the synthetic site as a process of its own; see its README for the options. */
export async function startSyntheticSite(...options: readonly string[]): Promise<RunningSite> {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const firstLine = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the synthetic site ended with status ${code}`)));
  });
  const { url, token } = JSON.parse(await firstLine) as { url: string; token: string };
  const { origin, port } = new URL(url);
  return {
    url,
    origin,
    token,
    port: Number(port),
    stop: () => {
      child.kill();
      return ended;
    },
  };
}
