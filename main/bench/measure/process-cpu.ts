/** What the operating system says a process has used. Linux only: elsewhere there is no such file. */
import { readFileSync, readdirSync } from 'node:fs';

/** Time on a processor, of all the process's living threads together, ms to the microsecond. */
export function processCpuMs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const thread of readdirSync(folder)) {
    nanoseconds += Number(readThread(`${folder}/${thread}/schedstat`).split(' ', 1)[0]);
  }
  return nanoseconds / 1e6;
}

/** Empty for a thread that ended since it was listed. */
function readThread(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
