import { DomusError } from '../../../shared/errors.ts';
import type { DomusClient } from '../../api/client/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { attach } from '../console/attachment.ts';
import type { Ending } from '../console/attachment.ts';
import { Keyboard } from '../console/keyboard.ts';
import { enterRawMode } from '../console/raw-mode.ts';
import { Screen } from '../console/screen.ts';
import type { Output } from '../terminal/output.ts';

/** A daemon that is started again, or a machine that slept. */
const RECONNECT_MS = 30_000;
const RETRY_MS = 500;
const CONNECTION_CODES = ['connection.lost', 'daemon.unreachable', 'daemon.not-running'];

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: `Ctrl-] leaves; every other key goes to the guest. Ends when the domain ends.
Input from a pipe is typed to the guest; the command ends soon after it, when the guest is quiet.`,
  async run(context, { words: [ref] }) {
    const client = await context.client();
    const domain = await client.site.domains.get({ domain: ref });
    if (domain.domid === null) throw notRunning(domain.name, domain.state);
    const { name, uuid } = domain;
    const screen = new Screen(process.stdout, `Console of ${name}. Ctrl-] leaves.`);
    using keyboard = new Keyboard(process.stdin);
    const ending = await inRawMode(screen, () =>
      attachAgain(client, uuid, screen, keyboard, context.output),
    );
    if (ending.kind === 'failed') throw ending.error;
    if (ending.kind === 'domain-ended') context.output.note(`${name} is ${ending.state}.`);
  },
});

async function inRawMode(screen: Screen, work: () => Promise<Ending>): Promise<Ending> {
  using _ = enterRawMode(process.stdin, () => screen.tidy());
  // Awaited here: the terminal is given back at the end of this block.
  return await work();
}

/** Connects, and again for as long as a lost connection can be had back. */
async function attachAgain(
  client: DomusClient,
  uuid: string,
  screen: Screen,
  keyboard: Keyboard,
  output: Output,
): Promise<Ending> {
  let lostAtMs = -Infinity;
  for (;;) {
    const ending = await attach(client, uuid, screen, keyboard).catch(asEnding);
    if (ending.kind !== 'failed' || !CONNECTION_CODES.includes(ending.error.code)) return ending;
    const nowMs = performance.now();
    if (ending.error.code === 'connection.lost') {
      lostAtMs = nowMs;
      output.note('\r\n[The connection was lost: trying again. Ctrl-] leaves.]\r');
    } else if (nowMs - lostAtMs > RECONNECT_MS) return ending;
    const left = keyboard.left.then(() => 'left' as const);
    const waited = new Promise<'waited'>((resolve) => setTimeout(resolve, RETRY_MS, 'waited'));
    if ((await Promise.race([left, waited])) === 'left') return { kind: 'left' };
  }
}

function asEnding(error: unknown): Ending {
  return { kind: 'failed', error: DomusError.from(DomusError.toData(error)) };
}

function notRunning(name: string, state: string): DomusError {
  return new DomusError(
    'domain.wrong-state',
    `Domain ${name} is ${state}: it has a console when it runs. What it printed last: domus dmesg ${name}.`,
    { data: { domain: name, state } },
  );
}
