import { DomusError } from '../../../shared/errors.ts';
import { defineCommand } from '../arguments/command.ts';
import type { Context } from '../context.ts';

/** As ssh has it, for commands that could not be run or watched to their end. */
const OWN_FAILURE = 255;

type OutputOf = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void | Promise<void>;

export const command = defineCommand({
  words: ['NAME', 'COMMAND...'],
  options: {},
  notes: `The words of COMMAND are joined by spaces and run by the guest's /bin/sh -c.
The exit status is the command's, or ${OWN_FAILURE} where it could not be run.
With --json: { "status", "stdout", "stderr" }, output as UTF-8 text; the exit status is the same.`,
  async run(context, { words: [domain, words] }) {
    try {
      const run = context.json ? collect : stream;
      return await run(context, domain, words.join(' '));
    } catch (error) {
      context.output.failure(error);
      return OWN_FAILURE;
    }
  },
});

/** Bytes go through as they come, each to its own stream. */
function stream(context: Context, domain: string, command: string): Promise<number> {
  const { output } = context;
  return execute(context, domain, command, (name, bytes) => output.bytes(bytes, output[name]));
}

async function collect(context: Context, domain: string, command: string): Promise<number> {
  const printed = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const status = await execute(context, domain, command, (name, bytes) => {
    printed[name].push(bytes);
  });
  const [stdout, stderr] = [printed.stdout, printed.stderr].map((parts) => {
    return Buffer.concat(parts).toString('utf8');
  });
  await context.output.result({ status, stdout, stderr }, () => '');
  return status;
}

async function execute(
  context: Context,
  domain: string,
  command: string,
  print: OutputOf,
): Promise<number> {
  for await (const chunk of await (await context.site()).domains.exec({ domain, command })) {
    if (chunk.type === 'exit') return chunk.status;
    await print(chunk.type, Buffer.from(chunk.base64, 'base64'));
  }
  throw new DomusError('exec.no-status', `The command in ${domain} ended without an exit status.`, {
    data: { domain },
  });
}
