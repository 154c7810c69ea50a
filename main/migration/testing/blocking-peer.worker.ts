/**
 * A thread that blocks like a domain's: it sends or receives one flow on a doorbell and then says
 * what became of it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { BlockingLinkReceiver, BlockingLinkSender } from '../link/blocking-flow.ts';
import { nowMs } from '../link/flow.contract.ts';

export interface PeerTask {
  role: 'send' | 'receive';
  port: MessagePort;
  doorbell: SharedArrayBuffer;
  /** Sender: how many chunks of how many bytes; its window. */
  chunks: number;
  chunkBytes: number;
  windowBytes: number;
  stallTimeoutMs: number;
  /** Receiver: aborts after so many chunks. */
  abortAfter?: number;
}

export interface PeerResult {
  /** Time of each chunk: before it was sent, after it was received. */
  timesMs: number[];
  /** First byte of each chunk. */
  marks: number[];
  bytes: number;
  maxInFlightBytes: number;
  error: ErrorData | null;
}

const task = workerData as PeerTask;
const result: PeerResult = { timesMs: [], marks: [], bytes: 0, maxInFlightBytes: 0, error: null };

function note(mark: number, bytes: number): void {
  result.timesMs.push(nowMs());
  result.marks.push(mark);
  result.bytes += bytes;
}

function send(): void {
  const sender = new BlockingLinkSender(task.port, new Doorbell(task.doorbell), task);
  for (let seq = 0; seq < task.chunks; seq++) {
    const chunk = sender.allocate(task.chunkBytes);
    chunk[0] = seq;
    note(seq, task.chunkBytes);
    sender.send(chunk);
    result.maxInFlightBytes = Math.max(result.maxInFlightBytes, sender.inFlightBytes);
  }
  sender.close();
}

function receive(): void {
  const receiver = new BlockingLinkReceiver(task.port, new Doorbell(task.doorbell), task);
  for (let chunk = receiver.receive(); chunk !== null; chunk = receiver.receive()) {
    note(chunk[0] ?? -1, chunk.length);
    if (result.marks.length === task.abortAfter) {
      receiver.abort(new DomusError('test.refused', 'the receiver wants no more'));
      return;
    }
  }
}

try {
  if (task.role === 'send') send();
  else receive();
} catch (error) {
  result.error = DomusError.toData(error);
}
parentPort?.postMessage(result);
