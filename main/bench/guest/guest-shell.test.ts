import { afterEach, describe, expect, it } from 'vitest';
import { MachineError } from '../peers/machine.ts';
import { ShellMachine } from '../testing/shell-machine.ts';
import { GuestShell } from './guest-shell.ts';

let machine: ShellMachine | null = null;

async function open(): Promise<GuestShell> {
  machine = new ShellMachine();
  return GuestShell.open(machine);
}

afterEach(async () => {
  await machine?.[Symbol.asyncDispose]();
  machine = null;
});

describe.runIf(process.platform === 'linux')('GuestShell', () => {
  it("gives a command's output and status, and nothing else", async () => {
    const shell = await open();
    expect(await shell.run('echo one; echo two')).toMatchObject({
      output: 'one\ntwo\n',
      status: 0,
    });
    expect(await shell.run('false')).toMatchObject({ output: '', status: 1 });
  });

  it('times the command by the clock outside', async () => {
    const shell = await open();
    const { tookMs } = await shell.run('sleep 0.2');
    expect(tookMs).toBeGreaterThan(190);
  });

  it('keeps what a command set for the next one', async () => {
    const shell = await open();
    await shell.run('value=42');
    expect((await shell.run('echo $value')).output).toBe('42\n');
  });

  it('says what the terminal showed when a command does not end', async () => {
    const shell = await open();
    const failed = shell.run('echo stuck; sleep 60', 300);
    await expect(failed).rejects.toThrow(MachineError);
    await expect(failed).rejects.toThrow(/shell: .*stuck/);
  });

  it('takes over from another one', async () => {
    const first = await open();
    await first.run('value=kept');
    const second = await GuestShell.resume(machine!);
    expect((await second.run('echo $value')).output).toBe('kept\n');
  });
});
