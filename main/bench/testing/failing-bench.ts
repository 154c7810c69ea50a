/** A benchmark's program that starts its daemon, says its process id, and then fails as told. */
import { Daemon } from '../subject/daemon.ts';

const daemon = await Daemon.start(128);
process.stdout.write(`${daemon.pid}\n`);
if (process.argv[2] === 'throw')
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
else setInterval(() => undefined, 1000);
