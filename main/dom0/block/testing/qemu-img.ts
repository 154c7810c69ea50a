/** QEMU's own tools: what they say of an image counts. */
import { spawnSync } from 'node:child_process';

function run(program: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

export function qemuImg(...args: string[]): string {
  const { status, output } = run('qemu-img', args);
  if (status !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${output}`);
  return output;
}

export function qemuIo(path: string, ...commands: string[]): string {
  const args = commands.flatMap((command) => ['-c', command]);
  const { status, output } = run('qemu-io', ['-f', 'qcow2', ...args, path]);
  if (status !== 0) throw new Error(`qemu-io ${commands.join('; ')}: ${output}`);
  return output;
}

/** `leaks`: clusters that are counted and not used, which cost room and nothing else. */
export function qemuCheck(path: string): 'clean' | 'leaks' {
  const { status, output } = run('qemu-img', ['check', '-f', 'qcow2', path]);
  if (status === 0) return 'clean';
  if (status === 3) return 'leaks';
  throw new Error(`qemu-img check: ${output}`);
}
