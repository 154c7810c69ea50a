import type { RunningSite } from '../../index.ts';
import type { Output } from '../terminal/output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED_STATUS = 130;

/**
 * Settles with the exit status when the site has ended: asked by a signal (everything is written
 * down first; a second one ends the program at once) or by a client, or by a failure.
 */
export async function untilStopped(output: Output, site: RunningSite): Promise<number> {
  const signalled = new Promise<'signalled'>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve('signalled'));
  });
  const end = await Promise.race([signalled, site.ended.then(() => 'ended' as const), site.failed]);
  if (end instanceof Error) {
    output.failure(end);
    return 1;
  }
  for (const signal of SIGNALS) process.on(signal, () => process.exit(INTERRUPTED_STATUS));
  if (!(await site.stop())) await endByForce(output);
  return 0;
}

/** An exit would wait for the thread that does not end, for as long as that takes. */
async function endByForce(output: Output): Promise<void> {
  output.note(
    'domus: everything is written down, but a folder that was looked into does not answer.',
  );
  await output.flush();
  process.kill(process.pid, 'SIGKILL');
}
