/**
 * The conversation with one guest's agent over its own console: a hostile guest can say anything
 * here, so lines are bounded, unknown ids are ignored, and what it breaks is its own commands.
 */
import { randomInt } from 'node:crypto';
import type { ExecChunk } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { ConsoleRings } from '../control/host.contract.ts';
import { within } from '../streams/waiting.ts';
import { AgentDecoder, encodeRequest, maxCommandBytes } from '../../guest/agent-protocol.ts';
import type { AgentEvent, AgentRequest, GuestIdentity } from '../../guest/agent-protocol.ts';
import { ExecJob } from './exec-job.ts';

const READ_BYTES = 64 * 1024;
const MOST_JOBS = 64;
const ASK_AGAIN_MS = 250;
const ANSWER_TIMEOUT_MS = 30_000;
const CLOCK_TOLERANCE_MS = 200;
const CLOCK_TRIES = 10;
/** One whose output nobody takes for so long is cut off: the others wait behind it. */
const STUCK_READER_MS = 30_000;

export class AgentSession {
  private readonly incoming: RingConsumer;
  private readonly outgoing: RingProducer;
  private readonly doorbell: Doorbell;
  private readonly decoder = new AgentDecoder();
  private readonly jobs = new Map<number, ExecJob>();
  private readonly pending = new Map<number, PromiseWithResolvers<void>>();
  private readonly greeted = Promise.withResolvers<void>();
  private hasGreeted = false;
  /** Not those of a session before, which a guest that was saved may still answer. */
  private lastId = randomInt(1_000_000) * 1000;
  private isClockWrong = false;
  private settingClock: Promise<void> | null = null;
  private writing: Promise<void> = Promise.resolve();
  private closedBecause: DomusError | null = null;

  constructor(rings: ConsoleRings, doorbell: SharedArrayBuffer) {
    this.incoming = new RingConsumer(rings.output);
    this.outgoing = new RingProducer(rings.input);
    this.doorbell = new Doorbell(doorbell);
    this.greeted.promise.catch(() => {});
    void this.listen();
  }

  /** Settles when the guest's agent has answered in this life. Error `agent.silent`. */
  async answers(timeoutMs: number): Promise<void> {
    this.requireOpen();
    const deadlineMs = performance.now() + timeoutMs;
    const heard =
      (await this.sayUntil(this.greeted.promise, { kind: 'hello', id: 0 }, deadlineMs)) &&
      (await this.ping(deadlineMs));
    if (!heard) throw silent(timeoutMs);
  }

  private async ping(deadlineMs: number): Promise<boolean> {
    const id = ++this.lastId;
    const answer = this.expect(id);
    try {
      return await this.sayUntil(answer, { kind: 'ping', id }, deadlineMs);
    } finally {
      this.pending.delete(id);
    }
  }

  /**
   * Says it again and again until it is answered, false when it is not: a line that the guest opens
   * while its driver is still connecting loses what is said on it, either way, and so does one that
   * it greeted on and then opens anew.
   */
  private async sayUntil(
    answer: Promise<void>,
    request: AgentRequest,
    deadlineMs: number,
  ): Promise<boolean> {
    while (performance.now() < deadlineMs) {
      // Not waited for: a guest without an agent takes nothing from its ring.
      this.send(request).catch(() => {});
      try {
        await within(answer, ASK_AGAIN_MS, () => new Unheard());
        return true;
      } catch (error) {
        if (!(error instanceof Unheard)) throw error;
      }
    }
    return false;
  }

  /** Entropy first, then name, machine id and wall clock; what is left out stays. */
  async takeIdentity(identity: GuestIdentity): Promise<void> {
    await this.ask((id) => ({ kind: 'identity', id, identity }));
  }

  /**
   * Sets the guest's wall clock, again while it was set too late: a guest that was just moved starts
   * programs slowly. Nothing where there is no agent that could.
   */
  async setClock(): Promise<void> {
    if (!this.hasGreeted) return;
    this.isClockWrong = true;
    this.settingClock ??= this.setClockUntilRight().finally(() => (this.settingClock = null));
    await this.settingClock;
  }

  private async setClockUntilRight(): Promise<void> {
    for (let tries = 0; this.isClockWrong && tries < CLOCK_TRIES; tries++) {
      this.isClockWrong = false;
      if ((await this.tellClock()) > CLOCK_TOLERANCE_MS) this.isClockWrong = true;
    }
  }

  /** @returns at most how late, ms, the guest's clock is now */
  private async tellClock(): Promise<number> {
    const wallClockMs = Date.now();
    const nextSecondMs = performance.now() + 1000 - (wallClockMs % 1000);
    await this.ask((id) => ({ kind: 'clock', id, wallClockMs }));
    return performance.now() - nextSecondMs;
  }

  /**
   * Runs `command` with the guest's `/bin/sh -c`. When the reader leaves or `signal` aborts, the
   * command is killed. Errors: `agent.silent`, `agent.busy`, `agent.gone`,
   * `agent.bad-command`.
   */
  exec(command: string, signal: AbortSignal | undefined): AsyncGenerator<ExecChunk, void, void> {
    this.requireOpen();
    if (!this.hasGreeted) throw silent(0);
    requireRunnable(command);
    if (this.jobs.size >= MOST_JOBS) {
      throw new DomusError(
        'agent.busy',
        `${MOST_JOBS} commands are running in this domain already. Wait until one has ended.`,
      );
    }
    const id = ++this.lastId;
    const job = new ExecJob();
    this.jobs.set(id, job);
    return this.follow(id, job, command, signal);
  }

  close(reason: string): void {
    if (this.closedBecause) return;
    const error = new DomusError('agent.gone', `The guest's agent is gone: ${reason}.`);
    this.closedBecause = error;
    for (const job of this.jobs.values()) job.fail(error);
    for (const answer of this.pending.values()) answer.reject(error);
    this.greeted.reject(error);
    this.incoming.close();
    this.outgoing.close();
  }

  private async *follow(
    id: number,
    job: ExecJob,
    command: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ExecChunk, void, void> {
    const onAbort = (): void =>
      job.fail(new DomusError('agent.cancelled', 'The command was cancelled.'));
    let over = false;
    try {
      signal?.addEventListener('abort', onAbort, { once: true });
      signal?.throwIfAborted();
      await this.send({ kind: 'exec', id, command, input: false });
      for await (const chunk of job.read()) {
        over = chunk.type === 'exit';
        yield chunk;
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.jobs.delete(id);
      job.fail(new DomusError('agent.cancelled', 'The command was left.'));
      if (!over) this.kill(id);
    }
  }

  private async ask(request: (id: number) => AgentRequest): Promise<void> {
    this.requireOpen();
    const id = ++this.lastId;
    const answer = this.expect(id);
    try {
      await this.send(request(id));
      await within(answer, ANSWER_TIMEOUT_MS, () => silent(ANSWER_TIMEOUT_MS));
    } finally {
      this.pending.delete(id);
    }
  }

  /** Its answer; whoever expects it takes it off `pending` again. */
  private expect(id: number): Promise<void> {
    const answer = Promise.withResolvers<void>();
    answer.promise.catch(() => {});
    this.pending.set(id, answer);
    return answer.promise;
  }

  private kill(id: number): void {
    if (this.closedBecause) return;
    this.send({ kind: 'kill', id, signal: 'KILL' }).catch(() => {}); // it ended meanwhile
  }

  /** One request at a time, waiting for room in the ring. */
  private send(request: AgentRequest): Promise<void> {
    const bytes = encodeRequest(request);
    const sent = this.writing.then(async () => {
      for (let at = 0; at < bytes.length;) {
        this.requireOpen();
        const free = this.outgoing.free;
        const written = this.outgoing.write(bytes.subarray(at));
        at += written;
        this.doorbell.ring();
        if (written === 0) await this.outgoing.whenConsumed(free);
      }
    });
    this.writing = sent.catch(() => {});
    return sent;
  }

  private async listen(): Promise<void> {
    for (;;) {
      await this.incoming.readable();
      if (this.closedBecause) return;
      const bytes = this.incoming.read(READ_BYTES);
      // The guest may wait for room in its ring.
      this.doorbell.ring();
      for (const message of this.decoder.push(bytes)) this.hear(message);
      await this.holdBack();
    }
  }

  private hear(message: AgentEvent): void {
    switch (message.kind) {
      case 'hello':
        this.hasGreeted = true;
        this.greeted.resolve();
        return;
      case 'pong':
      case 'ok':
        this.pending.get(message.id)?.resolve();
        return;
      case 'output':
        this.jobs.get(message.id)?.output(message.stream, message.data);
        return;
      case 'exit':
        this.jobs.get(message.id)?.exit(message.status);
        return;
      case 'refused':
        this.refuse(message.id, message.reason);
        return;
      case 'took': // no command here has input
        return;
    }
  }

  private refuse(id: number, reason: string): void {
    const error = new DomusError('agent.refused', `The guest's agent refused: ${reason}.`);
    this.jobs.get(id)?.fail(error);
    this.pending.get(id)?.reject(error);
  }

  /** Back-pressure: while a command's output is not taken, nothing more is read. */
  private async holdBack(): Promise<void> {
    for (const [id, job] of this.jobs) {
      if (!job.isFull) continue;
      try {
        await within(job.whenDrained(), STUCK_READER_MS, tooSlow);
      } catch (error) {
        job.fail(error as DomusError);
        this.kill(id);
      }
    }
  }

  private requireOpen(): void {
    if (this.closedBecause) throw this.closedBecause;
  }
}

class Unheard extends Error {}

function requireRunnable(command: string): void {
  const bytes = Buffer.byteLength(command);
  if (bytes <= maxCommandBytes && !command.includes('\0')) return;
  throw new DomusError(
    'agent.bad-command',
    `A command has at most ${maxCommandBytes} bytes and no NUL; this one has ${bytes} bytes.`,
  );
}

function silent(timeoutMs: number): DomusError {
  const within = timeoutMs > 0 ? ` within ${timeoutMs / 1000} s` : ' yet';
  return new DomusError(
    'agent.silent',
    `The guest's agent did not answer${within}. Its image may have none, or the guest is stuck: look at its console.`,
  );
}

function tooSlow(): DomusError {
  return new DomusError(
    'agent.reader-too-slow',
    `The command was stopped: its output was not taken for ${STUCK_READER_MS / 1000} s.`,
  );
}
