import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { PeerResult, PeerTask } from '../testing/blocking-peer.worker.ts';
import { FlowSender, receiveFlow } from './async-flow.ts';
import { LinkEnd } from './link-end.ts';
import { LinkOutlet } from './link-outlet.ts';
import type { LinkShape } from './link-shaper.ts';

const SHAPE: LinkShape = { bandwidthBytesPerSecond: 125_000_000, latencyMs: 0.5, burstBytes: 0 };
const CHUNK = 256 << 10;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function createLink(shape: LinkShape = SHAPE): { alpha: LinkEnd; beta: LinkEnd } {
  const { port1, port2 } = new MessageChannel();
  const alpha = new LinkEnd(port1, { peerName: 'beta', outlet: new LinkOutlet(shape) });
  const beta = new LinkEnd(port2, { peerName: 'alpha', outlet: new LinkOutlet(shape) });
  cleanups.push(() => alpha.close());
  return { alpha, beta };
}

/** A blocking thread behind one end's flow; its first message is what became of it. */
function startPeer(
  end: LinkEnd,
  task: Partial<PeerTask> & { role: PeerTask['role'] },
): { worker: Worker; result: Promise<PeerResult> } {
  const { port1, port2 } = new MessageChannel();
  const doorbell = new Doorbell();
  end.attach('move', port1, doorbell);
  const workerData: PeerTask = {
    chunks: 40,
    chunkBytes: CHUNK,
    windowBytes: 4 * CHUNK,
    stallTimeoutMs: 20_000,
    port: port2,
    doorbell: doorbell.buffer,
    ...task,
  };
  const entry = new URL('../testing/blocking-peer.worker.ts', import.meta.url);
  const worker = new Worker(entry, { workerData, transferList: [port2] });
  cleanups.push(() => worker.terminate());
  const result = new Promise<PeerResult>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { worker, result };
}

function attachedPort(end: LinkEnd, flow: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  end.attach(flow, port1);
  return port2;
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code,
  );

describe('a flow between two blocking threads', () => {
  it('arrives whole, in order, at the pace of the link, with a bounded part under way', async () => {
    const { alpha, beta } = createLink();
    const receiver = startPeer(beta, { role: 'receive' });
    const sender = startPeer(alpha, { role: 'send' });
    const [sent, received] = await Promise.all([sender.result, receiver.result]);
    expect([sent.error, received.error]).toEqual([null, null]);
    expect(received.marks).toEqual(Array.from({ length: 40 }, (_, seq) => seq));
    expect(received.bytes).toBe(40 * CHUNK);
    expect(sent.maxInFlightBytes).toBeLessThanOrEqual(4 * CHUNK);
    const startMs = sent.timesMs[0] ?? 0;
    received.timesMs.forEach((timeMs, seq) => {
      const wireMs = ((seq + 1) * CHUNK * 1e3) / SHAPE.bandwidthBytesPerSecond;
      // The clock that both threads share has steps of microseconds.
      expect(timeMs - startMs).toBeGreaterThan(wireMs + SHAPE.latencyMs - 0.01);
    });
    expect(alpha.counters.sentBytes).toBe(beta.counters.receivedBytes);
  });

  it('ends for the sender with what the receiver aborts it for', async () => {
    const { alpha, beta } = createLink();
    const receiver = startPeer(beta, { role: 'receive', abortAfter: 3 });
    const sender = startPeer(alpha, { role: 'send' });
    await receiver.result;
    expect((await sender.result).error?.code).toBe('test.refused');
  });

  it('fails at both ends when the link is cut, and says which link', async () => {
    const { alpha, beta } = createLink({ ...SHAPE, bandwidthBytesPerSecond: 1_000_000 });
    const receiver = startPeer(beta, { role: 'receive' });
    const sender = startPeer(alpha, { role: 'send' });
    while (alpha.counters.sentBytes === 0) await new Promise(setImmediate);
    beta.cut();
    const [sent, received] = await Promise.all([sender.result, receiver.result]);
    expect(sent.error).toMatchObject({ code: 'link.cut', data: { peer: 'beta' } });
    expect(received.error).toMatchObject({ code: 'link.cut', data: { peer: 'alpha' } });
    expect([alpha.isUp, beta.isUp]).toEqual([false, false]);
  });

  it('fails for the receiver when the sending thread is terminated', async () => {
    const { alpha, beta } = createLink({ ...SHAPE, bandwidthBytesPerSecond: 1_000_000 });
    const receiver = startPeer(beta, { role: 'receive' });
    const sender = startPeer(alpha, { role: 'send' });
    while (alpha.counters.sentBytes === 0) await new Promise(setImmediate);
    await sender.worker.terminate();
    expect((await receiver.result).error?.code).toBe('link.end-gone');
  });

  it('is given up after a silence', async () => {
    const { beta } = createLink();
    const receiver = startPeer(beta, { role: 'receive', stallTimeoutMs: 20 });
    expect((await receiver.result).error?.code).toBe('link.stalled');
  });
});

describe('a flow between threads with event loops', () => {
  it('waits for the receiver, chunk by chunk', async () => {
    const { alpha, beta } = createLink();
    const received: number[] = [];
    let unread = 0;
    const done = receiveFlow(attachedPort(beta, 'file'), async (chunk) => {
      await new Promise(setImmediate);
      unread -= chunk.length;
      received.push(chunk[0] ?? -1);
    });
    const sender = new FlowSender(attachedPort(alpha, 'file'), { windowBytes: 3 * CHUNK });
    for (let seq = 0; seq < 20; seq++) {
      await sender.send(new Uint8Array(CHUNK).fill(seq));
      unread += CHUNK;
      expect(unread).toBeLessThanOrEqual(4 * CHUNK);
    }
    sender.close();
    await done;
    expect(received).toEqual(Array.from({ length: 20 }, (_, seq) => seq));
  });

  it('fails for the sender when the receiver throws', async () => {
    const { alpha, beta } = createLink();
    const full = receiveFlow(attachedPort(beta, 'file'), () => {
      throw new Error('no space');
    });
    const sender = new FlowSender(attachedPort(alpha, 'file'), { windowBytes: CHUNK });
    const sending = (async () => {
      for (;;) await sender.send(new Uint8Array(CHUNK));
    })();
    await expect(full).rejects.toThrow('no space');
    await expect(sending).rejects.toThrow('no space');
  });

  it('is ended at both ends by the host, whoever sleeps on it', async () => {
    const { alpha, beta } = createLink();
    const sender = startPeer(alpha, { role: 'send', chunks: 1e6 });
    let chunks = 0;
    const started = Promise.withResolvers<void>();
    const receiving = receiveFlow(attachedPort(beta, 'move'), async () => {
      if (++chunks === 3) started.resolve();
      // It takes nothing more: the sender waits for room.
      if (chunks >= 3) await new Promise(() => undefined);
    });
    receiving.catch(() => undefined);
    await started.promise;
    alpha.abort('move', new DomusError('migration.undone', 'it was taken back'));
    expect((await sender.result).error).toMatchObject({ code: 'migration.undone' });
    alpha.abort('move', new DomusError('migration.undone', 'once more'));
  });

  it('is refused when nobody receives it, and over a link that is down', async () => {
    const { alpha, beta } = createLink();
    const send = async (): Promise<void> => {
      const sender = new FlowSender(attachedPort(alpha, 'lost'), { windowBytes: CHUNK });
      for (;;) await sender.send(new Uint8Array(CHUNK));
    };
    expect(await rejection(send())).toBe('link.no-flow');
    alpha.cut();
    expect(await rejection(send())).toBe('link.cut');
    alpha.restore();
    while (!beta.isUp) await new Promise(setImmediate);
    const done = receiveFlow(attachedPort(beta, 'again'), () => undefined);
    const sender = new FlowSender(attachedPort(alpha, 'again'));
    await sender.send(new Uint8Array(10));
    sender.close();
    await done;
  });
});
