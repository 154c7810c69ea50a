/** multicall (13): several hypercalls at once. EBX is the address of their list, ECX their number. */
import { Errno, GuestVirtualAddress, MulticallEntry } from '../abi/index.ts';
import type { CallingDomain, HypercallArguments, HypercallHandler } from './handler.ts';

/** Calls of one list: a guest cannot keep its host busy longer than they take. */
const MAX_CALLS = 64;

/** Each call's result goes into its entry; -EFAULT when an entry cannot be read or written. */
export function multicall(
  domain: CallingDomain,
  { first, second }: HypercallArguments,
  handlerOf: (number: number) => HypercallHandler,
): number {
  const count = second >>> 0;
  if (count > MAX_CALLS) return -Errno.EINVAL;
  for (let index = 0; index < count; index++) {
    const at = GuestVirtualAddress(first + index * MulticallEntry.size);
    const entry = domain.guest.read(MulticallEntry, at);
    if (!entry) return -Errno.EFAULT;
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = entry.args;
    const registers = { first: a | 0, second: b | 0, third: c | 0, fourth: d | 0, fifth: e | 0 };
    const result = handlerOf(entry.op)(domain, registers) >>> 0;
    if (!domain.guest.write(MulticallEntry, at, { result })) return -Errno.EFAULT;
  }
  return 0;
}
