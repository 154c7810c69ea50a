/** What a hypercall's implementation is given and gives. */
import type { GuestVirtualAddress } from '../abi/index.ts';
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
