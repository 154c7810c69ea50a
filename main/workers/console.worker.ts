/** The consoles' thread: the terminal of every domain, for any number of viewers. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { ConsoleHub } from '../api/console/hub.ts';
import { portChannel } from '../api/port-channel.ts';
import type { ConsoleServeCalls } from '../api/threads.contract.ts';
import type {
  ConsoleHubCalls,
  ConsoleHubEvents,
  ConsoleViewerCalls,
  ConsoleWorkerData,
} from '../toolstack/control/console.contract.ts';

type None = Record<never, never>;

const hub = new ConsoleHub();
const { toolstack } = workerData as ConsoleWorkerData;
portChannel<None, None, ConsoleHubCalls, ConsoleHubEvents>(
  toolstack,
  'the toolstack',
  hub.hubCalls,
);
portChannel<None, None, ConsoleViewerCalls & ConsoleServeCalls>(
  parentPort as MessagePort,
  'the main thread',
  {
    ...hub.viewerCalls,
    'console.serve': ({ port }) => {
      portChannel<None, None, ConsoleViewerCalls>(port, 'the API', hub.viewerCalls);
    },
  },
);
