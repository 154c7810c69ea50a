/**
 * Asks a guest a thousand times a second, by UDP, and notes when answers come. A thread of its own:
 * nothing else that the benchmark does stands between an answer and its time.
 */
import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from './outside.ts';
import type { ProbeMessage, ProbeOptions, ProbeSamples } from './probe.contract.ts';

const PERIOD_MS = 1;
/** After a pause of its own it asks no more at once than a guest's buffers hold. */
const MOST_AT_ONCE = 20;
const QUESTION_BYTES = 8;

const { ports } = workerData as ProbeOptions;
const socket = createSocket('udp4');
let dueMs: number | null = null;
let timer: NodeJS.Timeout | null = null;
let lastTurnMs = 0;
let ownPauseMs = 0;
let askedAtMs: number[] = [];
let answeredAtMs: number[] = [];

socket.on('message', (answer) => {
  if (answer.length !== QUESTION_BYTES) return;
  // The question is the time at which it was asked.
  askedAtMs.push(answer.readDoubleLE());
  answeredAtMs.push(nowMs());
});
// For example "connection refused", of a guest that is gone.
socket.on('error', () => undefined);

function turn(): void {
  if (dueMs === null) return;
  const now = nowMs();
  ownPauseMs = Math.max(ownPauseMs, now - lastTurnMs);
  lastTurnMs = now;
  for (let asked = 0; dueMs <= now && asked < MOST_AT_ONCE; asked++) {
    ask();
    dueMs += PERIOD_MS;
  }
  if (dueMs <= now) dueMs = now + PERIOD_MS;
  timer = setTimeout(turn, PERIOD_MS);
}

function ask(): void {
  const question = Buffer.alloc(QUESTION_BYTES);
  question.writeDoubleLE(nowMs());
  for (const port of ports) socket.send(question, port, '127.0.0.1', () => undefined);
}

function take(): void {
  const samples: ProbeSamples = {
    askedAtMs: Float64Array.from(askedAtMs),
    answeredAtMs: Float64Array.from(answeredAtMs),
    ownPauseMs,
  };
  askedAtMs = [];
  answeredAtMs = [];
  ownPauseMs = 0;
  parentPort!.postMessage(samples);
}

parentPort!.on('message', ({ type }: ProbeMessage) => {
  switch (type) {
    case 'ask':
      lastTurnMs = nowMs();
      dueMs = lastTurnMs;
      return turn();
    case 'rest':
      dueMs = null;
      return void (timer && clearTimeout(timer));
    case 'take':
      return take();
  }
});
