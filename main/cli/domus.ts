/** The `domus` command: a program of its own, a client of the API like any other. */
import { runCli } from './run.ts';

/** What a shell reports of a program that SIGPIPE ended. */
const BROKEN_PIPE_STATUS = 141;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough: `domus events --follow | head`.
  if (error.code === 'EPIPE') process.exit(BROKEN_PIPE_STATUS);
  process.stderr.write(`domus: what stdout leads to takes no more: ${error.message}\n`);
  process.exit(1);
});

// What the RPC library still holds open must not hold up the shell.
process.exit(await runCli(process.argv.slice(2)));
