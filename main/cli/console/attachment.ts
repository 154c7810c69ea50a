/** One connection to a console, until there is a reason to end it. */
import type { DomainState } from '../../../shared/contract/index.ts';
import type { DomusError } from '../../../shared/errors.ts';
import type { ConsoleConnection, DomusClient } from '../../api/client/index.ts';
import type { Keyboard } from './keyboard.ts';
import type { Screen } from './screen.ts';

/** A guest that reboots is off for a moment only. */
const REBOOT_MS = 3000;
/** After the end of piped input: the answer has come when nothing more comes for this long. */
const QUIET_MS = 500;
/** For a guest that prints without end. */
const LONGEST_ANSWER_MS = 10_000;
const POLL_MS = 20;

export type Ending =
  | { kind: 'left' }
  | { kind: 'input-ended' }
  | { kind: 'domain-ended'; state: DomainState }
  | { kind: 'failed'; error: DomusError };

/** Settles with why it ended. Throws when there is no connection to be had. */
export async function attach(
  client: DomusClient,
  domain: string,
  screen: Screen,
  keyboard: Keyboard,
): Promise<Ending> {
  const ending = Promise.withResolvers<Ending>();
  let rebooting: NodeJS.Timeout | undefined;
  const firstDrawing = Promise.withResolvers<void>();
  const connection = await client.openConsole(domain, screen.size, {
    output: (bytes) => screen.output(bytes),
    reset(drawing) {
      firstDrawing.resolve();
      return screen.reset(drawing);
    },
    state({ state }) {
      clearTimeout(rebooting);
      if (state !== 'shut-off' && state !== 'saved' && state !== 'crashed') return;
      rebooting = setTimeout(() => ending.resolve({ kind: 'domain-ended', state }), REBOOT_MS);
    },
    closed: (error) => ending.resolve(error ? { kind: 'failed', error } : { kind: 'left' }),
  });
  const stopResizing = screen.onResize((size) => connection.resize(size));
  void keyboard.left.then(() => ending.resolve({ kind: 'left' }));
  // What was shown before the drawing is no answer to what is typed after it.
  void firstDrawing.promise.then(() => keyboard.connect(connection));
  void keyboard.ended
    .then(() => answered(connection, screen))
    .then(() => ending.resolve({ kind: 'input-ended' }));
  try {
    return await ending.promise;
  } finally {
    clearTimeout(rebooting);
    stopResizing();
    keyboard.connect(null);
    connection.close();
  }
}

/** Settles when all input has left, and the guest has said what it had to say to it. */
async function answered(connection: ConsoleConnection, screen: Screen): Promise<void> {
  const endedMs = performance.now();
  for (;;) {
    const nowMs = performance.now();
    const quiet = nowMs - Math.max(endedMs, screen.lastOutputMs) > QUIET_MS;
    if (connection.bufferedAmount === 0 && quiet) return;
    if (nowMs - endedMs > LONGEST_ANSWER_MS) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
