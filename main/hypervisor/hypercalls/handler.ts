/** What a hypercall's implementation is given and gives. */
import type { DomId, GuestVirtualAddress } from '../abi/index.ts';
import { Errno, ReservedDomId } from '../abi/index.ts';
import type { Domain } from '../domain.ts';

export interface HypercallArguments {
  /** EBX: nearly always the command. */
  first: number;
  /** ECX: nearly always the address of the command's argument. */
  second: number;
  third: number;
  fourth: number;
  fifth: number;
}

/**
 * Serves one hypercall of the domain's guest and returns EAX: a result, or a negative errno. Every
 * argument is the guest's: nothing of it is trusted, and nothing that it names may throw.
 */
export type HypercallHandler = (domain: Domain, args: HypercallArguments) => number;

/** A command of a hypercall whose argument is a struct at a guest address. */
export type CommandHandler = (domain: Domain, argument: GuestVirtualAddress) => number;

/**
 * 0 when a guest names itself. Another domain is not its to ask about, and whether it exists is not
 * told; of the reserved ids none is a domain.
 */
export function refusalOf(domain: Domain, domid: DomId): number {
  if (domain.isSelf(domid)) return 0;
  return domid >= ReservedDomId.self ? -Errno.ESRCH : -Errno.EPERM;
}
