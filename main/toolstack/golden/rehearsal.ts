/**
 * What a clone does first, done many times before its golden domain is saved, so that the emulator
 * has translated it when the clone comes to it (`docs/adr/0007-warm-clones.md`): programs start and
 * end, sleeps run out, a device of Xen's bus announces itself, the agent takes an identity and runs
 * commands. It leaves no trace in the guest but higher process numbers.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { AgentSession } from '../agent/agent-session.ts';

/** The emulator translates a page after two hundred thousand instructions in it. */
const ROUNDS = 100;
const COMMANDS = 20;
const PROGRAMS = [
  `round=0; while [ $round -lt ${ROUNDS} ]; do round=$((round + 1))`,
  'for device in /sys/bus/xen/devices/console-*; do echo add >$device/uevent; done',
  `/bin/sh -c 'hostname; date; sleep 0.01' >/dev/null`,
  'done',
].join('; ');

export async function rehearse(agent: AgentSession): Promise<void> {
  await run(agent, PROGRAMS);
  for (let command = 0; command < COMMANDS; command++) {
    await agent.takeIdentity({ wallClockMs: Date.now() });
    await run(agent, 'true');
  }
  await agent.setClock();
}

async function run(agent: AgentSession, command: string): Promise<void> {
  for await (const chunk of agent.exec(command, undefined)) {
    if (chunk.type !== 'exit' || chunk.status === 0) continue;
    throw new DomusError('golden.failed', `its rehearsal ended with status ${chunk.status}`);
  }
}
