import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Image } from './image-folder.ts';
import { AgentLine } from './testing/agent-line.ts';
import { builtImage } from './testing/built-image.ts';

const hasQemu = spawnSync('qemu-system-i386', ['--version']).status === 0;

/** The image outside Xen, on another emulator: the kernel's serial lines stand in for the consoles. */
describe.skipIf(!hasQemu)('the image in QEMU', () => {
  let folder: string;
  let image: Image;
  let machine: ChildProcess;
  let line: AgentLine;
  let screen = '';

  beforeAll(async () => {
    image = await builtImage();
    folder = await mkdtemp(join(tmpdir(), 'domus-qemu-'));
    const connection = Promise.withResolvers<Socket>();
    const server = createServer(connection.resolve).listen(join(folder, 'agent'));
    await once(server, 'listening');
    const file = (name: string): string => image.path(name) ?? '';
    machine = spawn(
      'qemu-system-i386',
      [
        ...['-m', '128', '-display', 'none', '-no-reboot', '-nic', 'none'],
        ...['-kernel', file('vmlinuz'), '-initrd', file('initrd.img')],
        ...['-append', 'console=ttyS0 quiet domus.name=alpha domus.agent=ttyS1'],
        ...['-serial', 'stdio', '-serial', `unix:${join(folder, 'agent')}`],
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    machine.stdout?.on('data', (bytes: Buffer) => (screen += bytes.toString()));
    const socket = await connection.promise;
    server.close();
    line = new AgentLine(socket, socket);
    await line.until(({ kind }) => kind === 'hello');
  });

  afterAll(async () => {
    machine.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('shows a prompt with the name it was started with', async () => {
    await expect.poll(() => screen, { timeout: 30_000 }).toMatch(/root@alpha:~# /);
  });

  it('has what a shell expects', async () => {
    const { stdout } = await line.exec(
      'mount; cat /etc/machine-id; ls /dev/ptmx /dev/fd/0; ip -o addr',
    );
    for (const place of [
      'proc on /proc',
      'sysfs on /sys',
      'devtmpfs on /dev',
      'devpts on /dev/pts',
    ]) {
      expect(stdout).toContain(place);
    }
    expect(stdout).toMatch(/tmpfs on \/tmp .*\n[^]*^[0-9a-f]{32}$/m);
    expect(stdout).toContain('127.0.0.1');
  });

  it('loads its modules with what they need', async () => {
    const modules = 'xen-blkfront xen-netfront xen-evtchn xen-gntdev xenfs ext4 loop';
    const { stdout, status } = await line.exec(
      `for m in ${modules}; do modprobe $m || echo no $m; done; lsmod`,
    );
    expect(status).toBe(0);
    // Outside Xen its drivers say that they find nothing to drive.
    expect(stdout).not.toMatch(/^no (?!xen)/m);
    expect(stdout).toMatch(/^ext4 [^]*^jbd2 /m);
  });

  it('becomes another machine when it is told to', async () => {
    const machineId = 'a'.repeat(32);
    const before = await line.exec('cat /proc/sys/kernel/random/boot_id');
    const wallClockMs = Date.UTC(2031, 4, 6, 7, 8, 9, 250);
    line.send({
      kind: 'identity',
      id: 500,
      identity: { hostname: 'bravo', machineId, wallClockMs, entropy: new Uint8Array(64) },
    });
    await line.until((event) => event.kind === 'ok' && event.id === 500);
    const start = performance.now();
    const after = await line.exec(
      'hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/boot_id',
    );
    expect(after.stdout).toMatch(new RegExp(`^bravo\n${machineId}\n[0-9a-f-]{36}\n$`));
    expect(after.stdout).not.toContain(before.stdout);
    const seconds = async (): Promise<number> => {
      const { stdout } = await line.exec('adjtimex | grep time.tv');
      const [, whole, parts] = /tv_sec: *(\d+)\s*time.tv_usec: *(\d+)/.exec(stdout) ?? [];
      return Number(whole) + Number(parts) / 1e6;
    };
    const elapsed = (): number => (performance.now() - start) / 1000;
    expect(Math.abs((await seconds()) - wallClockMs / 1000 - elapsed())).toBeLessThan(1.5);
    const noonMs = Date.UTC(2032, 0, 1, 12, 0, 0, 900);
    line.send({ kind: 'clock', id: 501, wallClockMs: noonMs });
    await line.until((event) => event.kind === 'ok' && event.id === 501);
    const setAtMs = performance.now();
    const sinceNoon = (await seconds()) - (noonMs + 100) / 1000;
    expect(sinceNoon).toBeGreaterThanOrEqual(0);
    expect(Math.abs(sinceNoon - (performance.now() - setAtMs) / 1000)).toBeLessThan(1);
    machine.stdin?.write('\n');
    await expect.poll(() => screen, { timeout: 30_000 }).toMatch(/root@bravo:~# /);
  });

  it('has no process that wakes without a reason', async () => {
    const { stdout } = await line.exec('ps -o ppid,args | grep -v "\\[" | grep -v "^ *2 "');
    expect(stdout).toMatch(/uevent .*hotplug/);
    expect(stdout).not.toMatch(/sleep|usleep/);
  });

  it('powers off cleanly', async () => {
    await line.exec('poweroff');
    await once(machine, 'exit');
    expect(screen).toContain('reboot: Power down');
  });
});
