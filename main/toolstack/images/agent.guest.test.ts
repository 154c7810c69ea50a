import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputChunkBytes, maxCommandBytes } from '../../guest/agent-protocol.ts';
import { sourceAssets } from './assets.ts';
import { AgentLine } from './testing/agent-line.ts';
import { builtImage } from './testing/built-image.ts';
import { readCpio } from './testing/cpio-reader.ts';

/**
 * The agent's scripts under the image's own busybox, on a pseudo-terminal of this machine: an i386
 * program runs on an amd64 kernel.
 */
const canRun =
  process.arch === 'x64' &&
  process.platform === 'linux' &&
  spawnSync('script', ['--version']).status === 0;

describe.skipIf(!canRun)('the agent on a terminal line', () => {
  let folder: string;
  let terminal: ChildProcess;
  let line: AgentLine;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'domus-agent-'));
    const image = await builtImage();
    const files = readCpio(await readFile(image.path('initrd.img') ?? ''));
    const busybox = files.find(({ path }) => path === 'bin/busybox');
    await writeFile(join(folder, 'busybox'), busybox?.data ?? '', { mode: 0o755 });
    await cp(join(sourceAssets.rootfs, 'lib/domus'), join(folder, 'lib'), { recursive: true });
    // script's shell tells its pid, becomes the agent, and so can be ended by it.
    const command = `echo $$ >${folder}/pid; exec ${folder}/busybox sh ${folder}/lib/agent "$(tty)" ${folder}/run`;
    terminal = spawn('script', ['-qefc', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'] },
    });
    if (terminal.stdin === null || terminal.stdout === null) throw new Error('no pipes');
    line = new AgentLine(terminal.stdout, terminal.stdin);
    await line.until(({ kind }) => kind === 'hello');
  });

  afterAll(async () => {
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')));
    terminal.kill();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  const plain = { stdout: '', stderr: '', status: 0, detached: false };

  it('answers', async () => {
    line.send({ kind: 'ping', id: 77 });
    await line.until((event) => event.kind === 'pong' && event.id === 77);
    line.send({ kind: 'hello', id: 78 });
    await expect(line.until(({ kind }) => kind === 'hello')).resolves.toMatchObject({ version: 1 });
  });

  it('runs a command and gives its status', async () => {
    expect(await line.exec('true')).toEqual(plain);
    expect(await line.exec('exit 3')).toEqual({ ...plain, status: 3 });
    expect(await line.exec('kill -9 $$')).toEqual({ ...plain, status: 137 });
    expect((await line.exec('no-such-program')).status).toBe(127);
  });

  it('keeps output and errors apart', async () => {
    const command = 'echo one; echo two >&2; echo three';
    expect(await line.exec(command)).toEqual({ ...plain, stdout: 'one\nthree\n', stderr: 'two\n' });
  });

  it('takes a command of any bytes, and of the greatest length', async () => {
    const text = `'"\\ \t $HOME \`x\` \u00e9\u4e2d \u0081\u0088 %s \\n !`;
    const quoted = `printf %s '${text.replaceAll("'", `'\\''`)}'`;
    expect((await line.exec(quoted)).stdout).toBe(Buffer.from(text).toString('latin1'));
    const long = `echo ${'x'.repeat(maxCommandBytes - 5)}`;
    expect((await line.exec(long)).stdout.length).toBe(maxCommandBytes - 4);
  });

  it('gives back every byte value', async () => {
    const octal = Array.from(
      { length: 256 },
      (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`,
    );
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
    const outcome = await line.exec(`printf '${octal.join('')}'; printf '${octal.join('')}' >&2`);
    expect(outcome).toEqual({ ...plain, stdout: bytes, stderr: bytes });
  });

  it('gives a megabyte whole, while another command errs', async () => {
    const size = 1 << 20;
    const [big, other] = await Promise.all([
      line.exec(`dd if=/dev/urandom bs=65536 count=16 2>/dev/null | tee ${folder}/random`),
      line.exec('for i in 1 2 3; do echo $i >&2; sleep 0.05; done; exit 5'),
    ]);
    expect(big.stdout.length).toBe(size);
    expect(Buffer.from(big.stdout, 'latin1').equals(await readFile(join(folder, 'random')))).toBe(
      true,
    );
    expect(other).toEqual({ ...plain, stderr: '1\n2\n3\n', status: 5 });
  });

  it('sends what a command prints while it runs', async () => {
    const id = line.newId();
    const done = line.exec('echo early; sleep 30', id);
    await line.until((event) => event.kind === 'output' && event.id === id);
    expect(line.events.some((event) => event.kind === 'exit' && event.id === id)).toBe(false);
    line.send({ kind: 'kill', id, signal: 'TERM' });
    expect(await done).toMatchObject({ stdout: 'early\n', status: 143 });
  });

  it('runs many commands at once, each with its own output', async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const outcomes = await Promise.all(
      numbers.map((n) =>
        line.exec(`sleep 0.${n % 10}; echo out ${n}; echo err ${n} >&2; exit ${n}`),
      ),
    );
    expect(outcomes).toEqual(
      numbers.map((n) => ({ ...plain, stdout: `out ${n}\n`, stderr: `err ${n}\n`, status: n })),
    );
  });

  it('refuses more than 64 at once, and goes on afterwards', async () => {
    const gate = join(folder, 'gate');
    await line.exec(`mkfifo ${gate}`);
    await using held = await open(gate, 'r+');
    const ids = Array.from({ length: 70 }, () => line.newId());
    for (const id of ids) line.send({ kind: 'exec', id, command: `read _ <${gate}`, input: false });
    await Promise.all(
      ids.slice(64).map((id) => line.until((event) => event.kind === 'refused' && event.id === id)),
    );
    await held.write('\n'.repeat(64));
    for (const id of ids.slice(0, 64)) expect(await line.outcome(id)).toEqual(plain);
    expect(await line.exec('echo again')).toEqual({ ...plain, stdout: 'again\n' });
  });

  it('ends without a process that was left behind, and takes all that the command wrote', async () => {
    const outcome = await line.exec(`echo before; sleep 5 & echo $! >${folder}/left; echo after`);
    expect(outcome).toEqual({ ...plain, stdout: 'before\nafter\n', detached: true });
    process.kill(Number(await readFile(join(folder, 'left'), 'utf8')));
    expect(await line.exec('sleep 5 >/dev/null 2>&1 & echo $!')).toMatchObject({ detached: false });
  });

  it('hands input to a command, in order, as it is taken', async () => {
    const id = line.newId();
    line.send({ kind: 'exec', id, command: 'cat; echo end', input: true });
    const data = Buffer.from(Array.from({ length: inputChunkBytes }, (_, at) => at % 251));
    for (let chunk = 1; chunk <= 12; chunk += 1) {
      line.send({ kind: 'input', id, data });
      await line.until(
        () =>
          line.events.filter((event) => event.kind === 'took' && event.id === id).length >=
          chunk - 7,
      );
    }
    line.send({ kind: 'end-input', id });
    const { stdout } = await line.outcome(id);
    expect(stdout).toBe(
      `${Buffer.concat(Array.from({ length: 12 }, () => data)).toString('latin1')}end\n`,
    );
  });

  it('ends a command that does not read its input', async () => {
    const id = line.newId();
    line.send({ kind: 'exec', id, command: 'exit 4', input: true });
    line.send({ kind: 'input', id, data: Buffer.from('unread') });
    expect((await line.outcome(id)).status).toBe(4);
  });

  it('kills what a command started, in whatever session', async () => {
    const id = line.newId();
    const done = line.exec(`setsid sleep 61 & echo $! >${folder}/child; sleep 62`, id);
    await expect
      .poll(() => readFile(join(folder, 'child'), 'utf8').catch(() => ''))
      .toMatch(/\d\n/);
    const child = Number(await readFile(join(folder, 'child'), 'utf8'));
    line.send({ kind: 'kill', id, signal: 'KILL' });
    expect((await done).status).toBe(137);
    await expect.poll(() => isRunning(child)).toBe(false);
  });

  it('ignores what is no request', async () => {
    line.sendRaw(
      '\n\nnonsense\nexec\nexec x y\nexec -1 y\nkill 1 ; reboot\nin 9999 abc\nexec 9 \x27; touch /tmp/x\x27\n',
    );
    expect(await line.exec('echo fine')).toEqual({ ...plain, stdout: 'fine\n' });
  });

  it('leaves no process behind', async () => {
    const count = async (): Promise<number> =>
      Number((await line.exec(`grep -l ${folder}/lib/agent /proc/[1-9]*/cmdline | wc -l`)).stdout);
    // The agent, its side of the line, script, and what runs this command.
    await expect.poll(count, { timeout: 20_000, interval: 500 }).toBeLessThan(10);
  });
});

/** A process that has ended, but that nobody has taken note of, does not count. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z');
  return !/\) Z|^Z/.test(stat);
}
