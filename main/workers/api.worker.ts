/** The API's thread: the HTTP server, in front of the toolstack's and the consoles' threads. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { startApi } from '../api/api-thread.ts';
import { portChannel } from '../api/port-channel.ts';
import type { ApiCalls, ApiEvents, ApiWorkerData } from '../api/threads.contract.ts';
import { DomusError } from '../../shared/errors.ts';

const started = startApi(workerData as ApiWorkerData);
const channel = portChannel<Record<never, never>, Record<never, never>, ApiCalls, ApiEvents>(
  parentPort as MessagePort,
  'the main thread',
  {
    'api.stop': async () => {
      await (await started).stop();
    },
  },
);
try {
  const { url, token } = await started;
  channel.emit('ready', { url, token });
} catch (error) {
  channel.emit('failed', { error: DomusError.toData(error) });
}
