/**
 * What is translated of a guest's code goes to the thread that will run it beside the stream of its
 * state, never in it: a module cannot be sent over a network, and what a stream says is not executed.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Domain, TranslatedCode } from '../../hypervisor/index.ts';

/** Between slices, once; false while the guest's code is being compiled. */
export function shareCode({ engine }: Domain, port: MessagePort): boolean {
  if (engine.pendingCompilations > 0) return false;
  port.postMessage(engine.shareCode());
  port.close();
  return true;
}

/** What {@link shareCode} sent, when the stream says that it did. */
export function takeCode(port: MessagePort | undefined): TranslatedCode | null {
  if (!port) return null;
  const received = receiveMessageOnPort(port) as { message: TranslatedCode } | undefined;
  port.close();
  return received?.message ?? null;
}
