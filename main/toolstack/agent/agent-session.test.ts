import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRing } from '../../../shared/ring/byte-ring.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { FakeGuestAgent } from '../testing/fake-guest-agent.ts';
import { AgentSession } from './agent-session.ts';

function meet(): { session: AgentSession; guest: FakeGuestAgent } {
  const rings = { output: createRing(64 * 1024), input: createRing(4096) };
  const session = new AgentSession(rings, new Doorbell().buffer);
  const guest = new FakeGuestAgent(rings);
  onTestFinished(() => (session.close('the test is over'), guest.close()));
  return { session, guest };
}

async function run(session: AgentSession, command: string, signal?: AbortSignal) {
  const result = { stdout: '', stderr: '', status: -1 };
  for await (const chunk of session.exec(command, signal)) {
    if (chunk.type === 'exit') result.status = chunk.status;
    else result[chunk.type] += Buffer.from(chunk.base64, 'base64').toString();
  }
  return result;
}

describe('a conversation with a guest', () => {
  test('begins when the agent has answered', async () => {
    const { session } = meet();
    expect(() => session.exec('true', undefined)).toThrow(
      expect.objectContaining({ code: 'agent.silent' }),
    );
    await session.answers(5000);
    expect(await run(session, 'echo hello')).toEqual({ stdout: 'hello\n', stderr: '', status: 0 });
  });

  test('begins even when what is said after the greeting is lost', async () => {
    const { session, guest } = meet();
    guest.losesPings = 2;
    await session.answers(5000);
    expect(guest.losesPings).toBe(-1);
  });

  test('a clock that was set too late is set again', async () => {
    const { session, guest } = meet();
    await session.setClock();
    expect(guest.clocks).toBe(0); // no agent has answered yet
    await session.answers(5000);
    guest.setsClocksLate = 2;
    await Promise.all([session.setClock(), session.setClock()]);
    expect(guest.clocks).toBeGreaterThanOrEqual(3);
    expect(guest.setsClocksLate).toBeLessThan(0);
  });

  test('any command reaches the guest as it is, however long', async () => {
    const { session, guest } = meet();
    await session.answers(5000);
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9000 });
    await fc.assert(
      fc.asyncProperty(text, async (command) => {
        fc.pre(!command.includes('\0'));
        const { status } = await run(session, command);
        expect(status).toBe(0);
        expect(guest.commands.at(-1)).toBe(command);
      }),
      { numRuns: 30 },
    );
  });

  test('several commands at once each get their own output', async () => {
    const { session } = meet();
    await session.answers(5000);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, number) => run(session, `echo ${number}`)),
    );
    expect(all.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 20 }, (_, number) => `${number}\n`),
    );
  });

  test('a command that is cancelled is killed in the guest', async () => {
    const { session, guest } = meet();
    await session.answers(5000);
    const controller = new AbortController();
    const running = run(session, 'hang', controller.signal);
    await guest.until(() => guest.commands.includes('hang'));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'agent.cancelled' });
    await guest.until(() => guest.killed.length === 1);
  });

  test('a reader that leaves its command behind kills it', async () => {
    const { session, guest } = meet();
    await session.answers(5000);
    for await (const chunk of session.exec('yes', undefined)) {
      expect(chunk.type).toBe('stdout');
      break;
    }
    await guest.until(() => guest.killed.length === 1);
  });

  test('a guest that prints without end is held back, and loses nothing', async () => {
    const { session, guest } = meet();
    await session.answers(5000);
    const chunks = session.exec('flood 6000000', undefined);
    const first = await chunks.next();
    expect(first.done).toBe(false);
    // It gets no further than what the session buffers plus what the ring holds.
    await guest.until(() => guest.isStuck);
    expect(guest.flooded).toBeLessThan(3_000_000);
    let bytes = 0;
    const count = (chunk: { type: string; base64?: string }): void => {
      bytes += chunk.base64 ? Buffer.from(chunk.base64, 'base64').length : 0;
    };
    count(first.value as { type: string; base64?: string });
    for await (const chunk of chunks) count(chunk);
    expect(bytes).toBe(6_000_000);
  });

  test('a guest that says anything at all breaks no more than its own commands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 })), async (noise) => {
        const { session, guest } = meet();
        await session.answers(5000);
        for (const bytes of noise) await guest.sayRaw(bytes);
        await guest.sayRaw(Buffer.from('\n'));
        expect((await run(session, 'echo still here')).stdout).toBe('still here\n');
      }),
      { numRuns: 20 },
    );
  });

  test('when the domain ends its commands end with a reason', async () => {
    const { session, guest } = meet();
    await session.answers(5000);
    const running = run(session, 'hang');
    await guest.until(() => guest.commands.includes('hang'));
    session.close('the domain ended');
    await expect(running).rejects.toMatchObject({
      code: 'agent.gone',
      message: "The guest's agent is gone: the domain ended.",
    });
    expect(() => session.exec('true', undefined)).toThrow(/the domain ended/);
  });

  test('a command beyond what a guest takes is refused before it is sent', async () => {
    const { session } = meet();
    await session.answers(5000);
    for (const command of ['x'.repeat(200_000), 'a\0b']) {
      expect(() => session.exec(command, undefined)).toThrow(
        expect.objectContaining({ code: 'agent.bad-command' }),
      );
    }
  });
});
