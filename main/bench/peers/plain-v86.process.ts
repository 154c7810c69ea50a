/**
 * The peer's process: it holds the worker and passes messages, so that what the operating system
 * counts for this process (time of all threads, memory) is what plain v86 costs.
 */
import { Worker } from 'node:worker_threads';
import type { PlainV86Answer, PlainV86Message } from './plain-v86.contract.ts';

const worker = new Worker(new URL('./plain-v86.worker.ts', import.meta.url), {
  workerData: JSON.parse(process.argv[2]!) as unknown,
});
worker.on('message', (answer: PlainV86Answer) => process.send!(answer));
worker.on('error', (error) => {
  throw error;
});
process.on('message', (message: PlainV86Message) => worker.postMessage(message));
process.on('disconnect', () => process.exit());
