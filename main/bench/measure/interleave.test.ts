import { describe, expect, it } from 'vitest';
import { GuestShell } from '../guest/guest-shell.ts';
import { MachineError } from '../peers/machine.ts';
import { ShellMachine } from '../testing/shell-machine.ts';
import { interleave } from './interleave.ts';
import type { Contestant } from './interleave.ts';

async function contestant(machine: ShellMachine): Promise<Contestant> {
  const shell = await GuestShell.open(machine);
  await machine.pause();
  return { machine, shell };
}

const options = { warmUpRounds: 1, rounds: 2, progress: () => undefined };

describe.runIf(process.platform === 'linux')('interleave', () => {
  it('times every workload on a machine in every round that counts', async () => {
    await using machine = new ShellMachine();
    const samples = await interleave([await contestant(machine)], {
      ...options,
      workloads: [
        { name: 'short', command: 'sleep 0.01' },
        { name: 'long', command: 'sleep 0.1' },
      ],
    });
    expect(samples['short']?.['shell']).toHaveLength(2);
    expect(samples['long']?.['shell']?.every(({ wallMs }) => wallMs >= 95)).toBe(true);
  });

  it('fails when the work failed', async () => {
    await using machine = new ShellMachine();
    const workloads = [{ name: 'broken', command: 'echo why; false' }];
    const failed = interleave([await contestant(machine)], { ...options, workloads });
    await expect(failed).rejects.toThrow(MachineError);
    await expect(failed).rejects.toThrow(/broken failed \(1\): why/);
  });
});
