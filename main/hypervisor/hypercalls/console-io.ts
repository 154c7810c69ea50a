/** console_io (18): early messages of a guest, before its console driver; they go to its log. */
import { ConsoleIo, Errno } from '../abi/index.ts';
import type { HypercallHandler } from './handler.ts';

const MAX_BYTES = 4096;

export const consoleIo: HypercallHandler = (domain, { first, second, third }) => {
  if (first === ConsoleIo.read) return 0;
  if (first !== ConsoleIo.write) return -Errno.ENOSYS;
  const bytes = new Uint8Array(Math.min(second >>> 0, MAX_BYTES));
  if (!domain.guest.copyIn(third >>> 0, bytes)) return -Errno.EFAULT;
  domain.debugOutput(bytes);
  return 0;
};
