/** What a hypercall's implementation is given and gives. */
import type { DomId, GuestVirtualAddress, ShutdownReason } from '../abi/index.ts';
import { Errno, ReservedDomId } from '../abi/index.ts';
import type { DomainCounters } from '../counters.ts';
import type { GuestMemory } from '../engine/guest-memory.ts';
import type { EventChannels } from '../event-channels.ts';
import type { GrantFrames } from '../grant-frames.ts';
import type { GuestAccess } from '../guest-access.ts';
import type { HvmParams } from '../hvm-params.ts';
import type { Physmap } from '../physmap.ts';
import type { SharedInfoPage } from '../shared-info.ts';
import type { Vcpu } from '../vcpu.ts';

/** The domain whose guest calls, as far as hypercalls reach. */
export interface CallingDomain {
  readonly domid: DomId;
  readonly uuid: string;
  /** Guest time, ms: also Xen's system time. */
  readonly nowMs: number;
  /** Machine frames it may hold at most. */
  readonly maxFrames: number;
  readonly memory: GuestMemory;
  readonly guest: GuestAccess;
  readonly shared: SharedInfoPage;
  readonly events: EventChannels;
  readonly grants: GrantFrames;
  readonly physmap: Physmap;
  readonly params: HvmParams;
  readonly vcpu: Vcpu;
  readonly counters: DomainCounters;
  /** True for the domain ids by which a guest names itself. */
  isSelf(domid: DomId): boolean;
  /** Ends the domain; throws out of the guest's instruction. */
  shutdown(reason: ShutdownReason, detail: string): never;
  /** Back ends may work now. */
  yield(): void;
  raiseUpcall(): void;
  /** The guest chose how it hears of events. */
  upcallWayChanged(): void;
  /** Early messages of the guest. */
  debugOutput(bytes: Uint8Array): void;
}

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
export type HypercallHandler = (domain: CallingDomain, args: HypercallArguments) => number;

/** A command of a hypercall whose argument is a struct at a guest address. */
export type CommandHandler = (domain: CallingDomain, argument: GuestVirtualAddress) => number;

/**
 * 0 when a guest names itself. Another domain is not its to ask about, and whether it exists is not
 * told; of the reserved ids none is a domain.
 */
export function refusalOf(domain: CallingDomain, domid: DomId): number {
  if (domain.isSelf(domid)) return 0;
  return domid >= ReservedDomId.self ? -Errno.ESRCH : -Errno.EPERM;
}
