import type { Errno, Outcome } from '../errno.ts';
import type { GuestReads } from '../guest-reads.ts';
import type { NodeSpace } from '../node-space.ts';
import type { Accounts } from '../quota.ts';
import type { Session } from '../session.ts';
import type { StoreTree } from '../store-tree.ts';
import type { Transaction } from '../transaction.ts';
import type { Watcher, WatchRegistry } from '../watch-registry.ts';

/** What requests about domains need of the daemon. */
export interface DomainAdmin {
  introduce(domid: number, gfn: number, port: number): Outcome;
  release(domid: number): Outcome;
  resume(domid: number): Outcome;
  setTarget(domid: number, target: number): Outcome;
  isIntroduced(domid: number): boolean;
  /** Feature bits offered to a domain. */
  features(domid: number): number;
  setFeatures(domid: number, features: number): Outcome;
}

/** The daemon's parts that requests work on. */
export interface StoreServices {
  readonly accounts: Accounts;
  readonly tree: StoreTree;
  readonly watches: WatchRegistry;
  readonly reads: GuestReads;
  readonly domains: DomainAdmin;
  /** Takes the text of `CONTROL print`. */
  print(text: string): void;
}

/** One request being served. */
export interface Request {
  readonly services: StoreServices;
  readonly session: Session;
  readonly watcher: Watcher;
  /** The live store, or the transaction named by the request. */
  readonly space: NodeSpace;
  readonly transaction: Transaction | undefined;
  /** Valid while the request is served; what is kept must be copied. */
  readonly payload: Buffer;
  /** Set by a handler: runs after the reply was queued. */
  afterReply?: () => void;
}

/** The reply's payload (text is latin1), or the error to reply with. */
export type Reply = Uint8Array | { readonly text: string } | Errno;

export type Handler = (request: Request) => Reply;

/** How a type of request is served. */
export interface RequestKind {
  readonly serve: Handler;
  /** Domain 0 only; others get EACCES. */
  readonly privileged?: true;
  /** The transaction id in the header is ignored. */
  readonly ignoresTransaction?: true;
}

const OK: Reply = { text: 'OK\0' };

/** The reply to a request that has nothing to say but success. */
export function acknowledge(outcome: Outcome): Reply {
  return outcome === 'OK' ? OK : outcome;
}

/** A reply of one NUL-terminated string. */
export function textReply(text: string): Reply {
  return { text: `${text}\0` };
}
