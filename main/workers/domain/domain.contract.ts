/** What a host's worker asks of a domain's worker, and what that tells it. */
import type { MessagePort } from 'node:worker_threads';
import type { DomainInside } from '../../../shared/contract/index.ts';
import type { TranslatedCode } from '../../hypervisor/index.ts';
import type { DiskStatus, VbdRings, VifRings } from '../../dom0/index.ts';
import type {
  LiveReport,
  LongStop,
  Pace,
  Round,
  RoundUnderWay,
  Terms,
} from '../../migration/index.ts';
import type {
  CheckpointFigures,
  ColdBoot,
  DiskSpec,
  DomainSpec,
  ShutdownReason,
  VifSpec,
} from '../../toolstack/control/host.contract.ts';

/** Where a stream leaves or comes in. */
export interface StreamEnds {
  link: MessagePort;
  /** Beside it, from thread to thread: what the sender has translated of the guest's code. */
  code?: MessagePort | undefined;
}

/** Where a domain comes from. */
export type DomainOrigin =
  | { kind: 'boot'; boot: ColdBoot; keepsCode: boolean }
  | {
      kind: 'stream';
      stream: SharedArrayBuffer;
      code: TranslatedCode | null;
      identity: 'clone' | 'same';
    }
  | (StreamEnds & {
      kind: 'link';
      /** Of the thread right behind `link`, if that sleeps on one: no link end is in between. */
      peerDoorbell?: SharedArrayBuffer | undefined;
      /** A clone is a new machine; without it: the one that was sent. */
      identity?: 'clone' | 'same';
    })
  /**
   * Checkpoints of a domain that runs elsewhere, until the link is gone: it begins from the last. With
   * a doorbell of its own, since the other one is rung for the domain that runs.
   */
  | (StreamEnds & { kind: 'standby'; doorbell: SharedArrayBuffer });

/** Rings that carry the guest's xenstore connection between the two workers. */
export interface XenstoreRings {
  requests: SharedArrayBuffer;
  responses: SharedArrayBuffer;
}

export interface StartDomain {
  spec: DomainSpec;
  origin: DomainOrigin;
  xenstore: XenstoreRings;
  /** `HostFrames` of its host. */
  frames: SharedArrayBuffer;
}

/** What the guest's builder, or the stream, says of its rings: for the xenstore tree. */
export interface StartedDomain {
  storePort: number;
  storeGfn: number;
  consolePort: number;
  consoleGfn: number;
  /** Frames it holds. */
  frames: number;
  /** Of a restored or received domain: what its xenstore exported, unchecked. */
  exported: Uint8Array | null;
  bytes: number;
  pages: number;
  digest: string;
}

/** Served by the domain's worker over `DomainWorkerData.control`; ring its doorbell after posting. */
export type DomainCalls = {
  /** Builds or receives the domain; it does not run yet. */
  start: { params: StartDomain; result: StartedDomain };
  /** Lets it run; answers at its first instruction with that moment. */
  run: { params: Record<never, never>; result: { startedAtMs: number } };
  /** Its clock and CPU stand still from the answer on. */
  pause: { params: Record<never, never>; result: { stoppedAtMs: number; frames: number } };
  /**
   * Sends the running domain over a link, round by round (event `round`), pauses it when another round
   * would gain nothing, and answers. Undone by `run`.
   */
  presend: {
    params: StreamEnds & {
      name: string;
      /** Its part as it is now, for the other side to refuse what it will refuse in time. */
      xenstore: Uint8Array;
      terms: Terms;
      peerDoorbell?: SharedArrayBuffer | undefined;
    };
    result: LiveReport & { stoppedAtMs: number };
  };
  /** After `presend`: ends the stream with the domain's part of xenstore. */
  send: {
    params: { xenstore: Uint8Array };
    result: { bytes: number; pages: number; digest: string };
  };
  /**
   * Checkpoints of the running domain to a standby, over `link`; answers when that has the first. The
   * host's thread answers each message on `store` with the domain's part of xenstore, and rings. Event
   * `protectionLost` when there will be none any more.
   */
  protect: {
    params: StreamEnds & {
      store: MessagePort;
      name: string;
      pace: Pace;
      intervalMs: number;
    };
    result: void;
  };
  /** No more checkpoints, and what was held for them leaves. Nothing where there are none. */
  unprotect: { params: Record<never, never>; result: void };
  /** Writes the paused domain into memory. */
  save: {
    params: { name: string; xenstore: Uint8Array; withCode: boolean };
    result: {
      stream: SharedArrayBuffer;
      code: SharedArrayBuffer | null;
      bytes: number;
      pages: number;
      digest: string;
    };
  };
  /** A secondary console's front end gave its ring page and port: connect it to `spec.agent`. */
  connectAgent: { params: { ringRef: number; port: number }; result: void };
  disconnectAgent: { params: Record<never, never>; result: void };
  /** A disk that the guest may have: `connectDisk` follows when its front end offers rings. */
  addDisk: { params: DiskSpec; result: void };
  /** @throws DomusError `device.bad-front-end` */
  connectDisk: { params: { name: string; rings: VbdRings }; result: void };
  /** Answers when what was under way has ended. */
  disconnectDisk: { params: { name: string }; result: void };
  removeDisk: { params: { name: string }; result: void };
  resizeDisk: { params: { name: string; bytes: number }; result: void };
  /** As for disks. */
  addInterface: { params: VifSpec; result: void };
  connectInterface: { params: { handle: number; rings: VifRings }; result: void };
  disconnectInterface: { params: { handle: number }; result: void };
  removeInterface: { params: { handle: number }; result: void };
  retryDisks: { params: Record<never, never>; result: void };
  /** Xenstore ended the guest's connection for what it sent. */
  failXenstore: { params: Record<never, never>; result: void };
  inside: { params: Record<never, never>; result: DomainInside };
};

export type DomainEvents = {
  /** `start` has made the machine and takes its content now: a sender may stop its domain. */
  prepared: Record<never, never>;
  /** Of a domain that is received while it runs: its xenstore part as it may be in the end, unchecked. */
  foreseen: { exported: Uint8Array };
  shutdown: { reason: ShutdownReason; detail: string };
  /** The engine gave up on what the guest did. */
  crashed: { reason: string };
  diskFailed: { disk: string; status: DiskStatus };
  /** Of a `presend`: a round is over. */
  round: Round;
  /** Some times a second while one goes on. */
  roundUnderWay: RoundUnderWay;
  /** Of a `presend`: after one more round it stands still for longer than one may expect. */
  longStop: LongStop;
  /** Of a protected domain, about once a second. */
  checkpoints: CheckpointFigures;
  /** What the domain sends is held until `unprotect`. */
  protectionLost: { reason: string };
  log: { level: 'debug' | 'info' | 'warning' | 'error'; message: string };
};

export interface DomainWorkerData {
  control: MessagePort;
  engineModule: WebAssembly.Module;
  /** What its domain will have, as far as one can guess; null: no idea. */
  likelyMemoryKiB: number | null;
}
