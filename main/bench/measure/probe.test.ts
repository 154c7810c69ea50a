import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Probe } from './probe.ts';
import type { ProbeSamples } from './probe.contract.ts';

test('a probe asks at all ports, notes each answer, and rests', { timeout: 30_000 }, async () => {
  const [echo, silent] = [createSocket('udp4'), createSocket('udp4')];
  let asked = 0;
  echo.on('message', (question, { port }) => echo.send(question, port, '127.0.0.1'));
  silent.on('message', () => void asked++);
  for (const socket of [echo, silent]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
  }
  await using probe = new Probe([echo.address().port, silent.address().port]);
  probe.ask();
  const answers: number[] = [];
  const add = ({ askedAtMs, answeredAtMs }: ProbeSamples): void => {
    expect(askedAtMs.length).toBe(answeredAtMs.length);
    for (const [index, at] of answeredAtMs.entries()) expect(at).toBeGreaterThan(askedAtMs[index]!);
    answers.push(...answeredAtMs);
  };
  await vi.waitUntil(async () => (add(await probe.take()), answers.length >= 50), {
    timeout: 20_000,
  });
  expect(answers).toEqual([...answers].sort((a, b) => a - b));
  expect(asked).toBeGreaterThan(0);
  probe.rest();
  // What was on its way may still come; then there is silence.
  await vi.waitUntil(async () => (await probe.take()).answeredAtMs.length === 0, {
    timeout: 10_000,
  });
});
