/**
 * How clients of a home find the program that has it open: `daemon.json`, readable by its owner
 * only, since the token opens everything.
 */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeAtomically } from './files/atomic-file.ts';
import type { Home } from './home.ts';

const DaemonInfo = z.object({
  pid: z.int().positive(),
  url: z.string(),
  token: z.string(),
});
export type DaemonInfo = z.infer<typeof DaemonInfo>;

export function writeDaemonInfo(home: Home, info: DaemonInfo): void {
  writeAtomically(home.daemonInfo, [new TextEncoder().encode(JSON.stringify(info) + '\n')], 0o600);
}

/** What the file says, or null where there is none, it is damaged, or its program is gone. */
export function readDaemonInfo(home: Home): DaemonInfo | null {
  let info: DaemonInfo;
  try {
    info = DaemonInfo.parse(JSON.parse(readFileSync(home.daemonInfo, 'utf8')));
  } catch {
    return null;
  }
  return isAlive(info.pid) ? info : null;
}

/** Removes the file at the end, unless another program has written it since. */
export function removeDaemonInfo(home: Home): void {
  try {
    const info = DaemonInfo.parse(JSON.parse(readFileSync(home.daemonInfo, 'utf8')));
    if (info.pid === process.pid) rmSync(home.daemonInfo, { force: true });
  } catch {
    // No file, or not ours: nothing to take away.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: alive, and only not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
