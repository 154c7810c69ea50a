/** Every key to the guest, none to this program: until disposed, and whatever ends the process. */
import { constants } from 'node:os';
import type { ReadStream } from 'node:tty';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `restore` also puts right what else was changed of the terminal; it runs once. */
export function enterRawMode(stdin: ReadStream, restore: () => void): Disposable {
  let isRaw = true;
  const leave = (): void => {
    if (!isRaw) return;
    isRaw = false;
    process.off('exit', leave);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    if (stdin.isTTY) stdin.setRawMode(false);
    restore();
  };
  // A signal ends the process by `exit`, whose listeners run for errors nobody caught as well.
  const onSignal = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);
  process.on('exit', leave);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (stdin.isTTY) stdin.setRawMode(true);
  return { [Symbol.dispose]: leave };
}
