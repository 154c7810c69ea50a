import { LogLine } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { usageError } from '../arguments/usage-error.ts';
import type { Context } from '../context.ts';
import { untilStopped } from '../serve/until-stopped.ts';

const LAST_PORT = 65_535;
const RECENT_EVENTS = 50;

export const command = defineCommand({
  words: [],
  options: {
    port: {
      kind: 'number',
      value: 'N',
      help: 'on 127.0.0.1: 8000 or the next free one; 0: any free one',
    },
    demo: { kind: 'flag', help: 'make the demo domains, in a home that never had any' },
    open: { kind: 'flag', help: 'open the user interface in Chromium, as a window of its own' },
    'log-level': { kind: 'text', value: 'LEVEL', help: 'debug, info (default), warning, error' },
  },
  notes: `Prints the address of the user interface, with its token, when it answers. Runs until Ctrl-C,
SIGTERM or "domus stop"; what ran is remembered. With --json: { "ready", "url", "token" }.`,
  async run(context, { options }) {
    const { port } = options;
    if (port !== undefined && port > LAST_PORT) {
      throw usageError(`--port takes a number from 0 to ${LAST_PORT}, not ${port}.`, 'serve');
    }
    const level = oneOf('serve', 'log-level', LogLine.shape.level.options, options['log-level']);
    const startedAtMs = Date.now();
    const { startSite } = await import('../../index.ts');
    const site = await startSite({
      home: context.homeOption,
      demo: options.demo,
      version: context.version,
      ...(port === undefined ? {} : { port }),
      ...(level === undefined ? {} : { logLevel: level }),
    });
    // Before anybody is told that it answers: a signal may follow at once.
    const stopped = untilStopped(context.output, site);
    await tell(context, site, options.open);
    // It may be stopped meanwhile; events can be read at any time.
    await Promise.race([stopped, tellRecovery(context, startedAtMs).catch(() => undefined)]);
    return stopped;
  },
});

/** Browsers keep what follows the # to themselves: the token is in nobody's log. */
async function tell(
  context: Context,
  { url, token }: { url: string; token: string },
  open: boolean,
): Promise<void> {
  const page = `${url}/#token=${token}`;
  await context.output.result({ ready: true, url, token }, () => page);
  if (!open) return;
  const { openWindow } = await import('../serve/open-window.ts');
  const why = openWindow(page, (await context.home()).folder);
  if (why !== null) context.output.note(`No window was opened: ${why}.`);
}

/** What the start found wrong, for a person who has no window: what was set aside, what ran before. */
async function tellRecovery(context: Context, startedAtMs: number): Promise<void> {
  const { site } = await context.site();
  for await (const event of await site.events({ limit: RECENT_EVENTS })) {
    if (event.timeMs < startedAtMs || event.severity === 'info') continue;
    context.output.note(`domus: ${event.message}`);
  }
}
