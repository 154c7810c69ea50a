/**
 * What the toolstack asks of a host's worker, and what that worker tells it.
 *
 * The toolstack decides; the host does. Nothing here holds a path or a database: images and
 * snapshots arrive as shared memory, consoles as rings, moving domains through a link port.
 */
import type { MessagePort } from 'node:worker_threads';
import type { DiskStatus } from '../../dom0/index.ts';
import type { TranslatedCode } from '../../hypervisor/index.ts';
import type { LiveReport, LongStop, Round, RoundUnderWay } from '../../migration/index.ts';
import type {
  AccessList,
  DomainInside,
  InterfaceCounters,
  MoveOptions,
  OnDiskError,
} from '../../../shared/contract/index.ts';
import type { LinkCalls } from './link.contract.ts';

/** A direction pair of `shared/ring/byte-ring.ts`, made by the toolstack; it outlives a migration. */
export interface ConsoleRings {
  /** The guest's output; the domain's worker is the producer. */
  output: SharedArrayBuffer;
  /** Typed input; the domain's worker is the consumer. */
  input: SharedArrayBuffer;
}

/** What a domain is made of, for its life on one host. */
export interface DomainSpec {
  domid: number;
  uuid: string;
  name: string;
  /** What its balloon is asked to keep; at most `maxMemoryKiB`. */
  memoryKiB: number;
  /** The RAM its kernel finds at boot: fixed for the life of that kernel. */
  maxMemoryKiB: number;
  /** The primary PV console, hvc0. */
  console: ConsoleRings;
  /** The agent's console, device/console/1; connected by `domain.plugAgent`. */
  agent: ConsoleRings;
  /**
   * Rung by whoever writes to `input` of either console, so that a sleeping guest hears it
   * (`shared/ring/doorbell.ts`). Made by the toolstack, kept over a migration.
   */
  doorbell: SharedArrayBuffer;
  /** `DomainCounters` of the hypervisor: written by the domain's worker, read by all. */
  counters: SharedArrayBuffer;
  /** How late an idle guest's timer may come, milliseconds. */
  timerSlackMs: number;
  /** Its disks from the first instruction on. */
  disks: DiskSpec[];
  interfaces: VifSpec[];
}

/** What may change about an interface while it is plugged in. */
export interface VifRules {
  /** IPv4 addresses it may send from, besides those that it is leased. */
  addresses: string[];
  /** The cable is plugged in. */
  linkUp: boolean;
  /** Null: as fast as it goes. */
  sendLimitBytesPerSecond: number | null;
  receiveLimitBytesPerSecond: number | null;
  access: AccessList;
}

/** A virtual network interface of a domain, and the rings between its thread and its host's. */
export interface VifSpec extends VifRules {
  /** 0, 1, 2 … */
  handle: number;
  /** `00:16:3e:xx:xx:xx` */
  mac: string;
  mtu: number;
  /** Of its host (`network.define`). */
  network: string;
  /** Of `createFrameRing`, fresh for this life on this host. */
  sent: SharedArrayBuffer;
  received: SharedArrayBuffer;
}

/** A network as its switches know it. */
export interface NetworkSpec {
  /** Names it on the links between hosts: unique in the site, for good. */
  number: number;
  name: string;
  mtu: number;
}

export interface CaptureSpec {
  /** Names it in later calls and events. */
  capture: string;
  domid: number;
  handle: number;
  /** Where to append. */
  fd: number;
  /** It goes on with a file that another host began: no header is written. */
  continues: boolean;
  maxBytes: number;
  /** `CaptureCounters`, of all hosts that take part. */
  counters: SharedArrayBuffer;
}

/** A virtual block device of a domain, and the way to whoever serves its content. */
export interface DiskSpec {
  /** `xvda` … */
  name: string;
  /** Multiple of 512. */
  bytes: number;
  readOnly: boolean;
  /** Discards are passed on. */
  discard: boolean;
  /** What becomes of a request that fails for what lies beneath. */
  onError: OnDiskError;
  /** `createDiskRing`: fresh, for this life on this host; its I/O worker rings `doorbell`. */
  ring: SharedArrayBuffer;
}

/** A kernel to boot; bytes shared by all domains of the image. */
export interface ColdBoot {
  kernel: SharedArrayBuffer;
  initrd: SharedArrayBuffer;
  cmdline: string;
}

export type ShutdownReason =
  'poweroff' | 'reboot' | 'suspend' | 'crash' | 'watchdog' | 'soft-reset';

export interface SendReport {
  bytes: number;
  pages: number;
  /** SHA-256 over what was sent, hexadecimal. */
  digest: string;
  /** Monotonic (`performance.timeOrigin + performance.now()`) time of the last instruction, ms. */
  stoppedAtMs: number;
}

export interface MoveReport extends SendReport, LiveReport {}

/** How the checkpoints of a protected domain go: of those since the last time this was told. */
export interface CheckpointFigures {
  /** Ever, of this protection. */
  checkpoints: number;
  perSecond: number;
  /** Of the state that the standby has, epoch ms. */
  lastAtMs: number;
  /** How long the domain stood still for each. */
  stoppedMs: number;
  /** From that moment on until the standby has it: so long the output waits at least. */
  acknowledgedAfterMs: number;
  pages: number;
  bytes: number;
}

export interface ReceiveReport {
  bytes: number;
  pages: number;
  digest: string;
}

export type HostCalls = LinkCalls & {
  /**
   * Builds the domain, enters its kernel; answers once the guest executes. With `keepsCode` it can
   * be saved with what was translated of its code.
   */
  'domain.boot': {
    params: { spec: DomainSpec; boot: ColdBoot; keepsCode?: boolean };
    result: void;
  };
  /**
   * Makes a domain from a saved stream and lets it run. `clone`: a new machine (new domid, new
   * generation id, no open device); `same`: the one that was saved.
   */
  'domain.restore': {
    params: {
      spec: DomainSpec;
      stream: SharedArrayBuffer;
      /** What is translated of the code in just this memory, if it is at hand. */
      code?: TranslatedCode;
      identity: 'clone' | 'same';
      paused: boolean;
    };
    result: void;
  };
  /** Stops it for a moment and writes its stream; it goes on unless `thenDestroy`. */
  'domain.save': {
    params: { domid: number; thenDestroy: boolean; withCode?: boolean };
    result: {
      stream: SharedArrayBuffer;
      /** For `loadTranslatedCode`. */
      code: SharedArrayBuffer | null;
      report: SendReport;
    };
  };
  /**
   * Streams a domain through `link` to whoever reads it right there (a file's writer, the thread of its
   * copy): round by round while it runs, or stopped from the first byte on. It stays stopped until
   * `domain.goOn` or `domain.destroy`; when this fails it is as it was. `quietly`: an error
   * `domain.conversing` while half a conversation with xenstore is under way, of which a copy could
   * not tell whose it is.
   */
  'domain.copyOut': {
    params: {
      domid: number;
      link: MessagePort;
      code?: MessagePort;
      /** Of the reader, if it sleeps on one. */
      peerDoorbell?: SharedArrayBuffer;
      /** As it is now. */
      isPaused: boolean;
      stopFirst?: boolean;
      quietly?: boolean;
    };
    result: MoveReport;
  };
  /** After `domain.copyOut`: it goes on, or stays paused. Answers with that moment. */
  'domain.goOn': { params: { domid: number; paused: boolean }; result: { atMs: number } };
  /** As `domain.restore`, of a stream that comes through `link`, from whoever sends it right there. */
  'domain.copyIn': {
    params: {
      spec: DomainSpec;
      link: MessagePort;
      code?: MessagePort;
      peerDoorbell?: SharedArrayBuffer;
      identity: 'clone' | 'same';
      paused: boolean;
      /** What it will hold, if that is known: of one whose balloon is large less than its maximum. */
      frames?: number;
    };
    result: void;
  };
  'domain.destroy': { params: { domid: number }; result: void };
  /**
   * Ends its thread without ceremony, as a fault of the machine would; `domain.crashed` follows.
   * For tests of what survives.
   */
  'domain.kill': { params: { domid: number }; result: void };
  'domain.pause': { params: { domid: number }; result: void };
  'domain.unpause': { params: { domid: number }; result: void };
  /** Writes `control/shutdown`; the guest acts, and `domain.shutdown` follows. */
  'domain.askShutdown': { params: { domid: number; reason: 'poweroff' | 'reboot' }; result: void };
  /** Writes `memory/target`; the guest's own balloon driver follows. */
  'domain.setTarget': { params: { domid: number; targetKiB: number }; result: void };
  'domain.rename': { params: { domid: number; name: string }; result: void };
  /** Hot-plugs device/console/1 unless the domain has it; answers when `spec.agent` is connected to it. */
  'domain.plugAgent': { params: { domid: number }; result: void };
  /** Hot-plugs a disk; answers when the guest has it, or with `device.guest-silent`. */
  'domain.attachDisk': { params: { domid: number; disk: DiskSpec }; result: void };
  /** Asks the guest to let go of a disk; answers when no request of it is under way. */
  'domain.detachDisk': { params: { domid: number; name: string }; result: void };
  /** Tells the guest of a disk that has grown. */
  'domain.resizeDisk': { params: { domid: number; name: string; bytes: number }; result: void };
  /** Requests that failed for what lies beneath are made again. */
  'domain.retryDisks': { params: { domid: number }; result: void };
  /** A network on this host: a switch. Nothing where it is there. */
  'network.define': { params: NetworkSpec; result: void };
  /** Its interfaces are detached before. */
  'network.remove': { params: { name: string }; result: void };
  /** Hot-plugs an interface; answers when the guest has it, or with `device.guest-silent`. */
  'domain.attachInterface': { params: { domid: number; vif: VifSpec }; result: void };
  'domain.detachInterface': { params: { domid: number; handle: number }; result: void };
  /**
   * New rules, at once. While the link is down its switch passes nothing either way; Linux' front
   * end has a carrier all the same, since nothing of xenbus takes it away.
   */
  'domain.setInterface': {
    params: { domid: number; handle: number; rules: VifRules };
    result: void;
  };
  'domain.interfaceCounters': { params: { domid: number }; result: InterfaceCounters[] };
  /**
   * Writes what an interface sends and gets to a file, until it is stopped, its domain is gone from
   * here or the file is full. The descriptor is the asking side's, open until `capture.stop` has
   * answered or `capture.ended` was told.
   */
  'capture.start': { params: CaptureSpec; result: void };
  /** Answers when the file has all of it. */
  'capture.stop': { params: { capture: string }; result: void };
  'domain.inside': { params: { domid: number }; result: DomainInside };

  /**
   * Reserves frames, starts a warm worker; the stream will come over `link`. `code` is the way between
   * the two domains' threads, beside the link and within this process, for what is translated of the
   * guest's code: without it the domain is slow for its first seconds.
   */
  'migration.prepare': {
    params: { spec: DomainSpec; link: MessagePort; code?: MessagePort };
    result: void;
  };
  /**
   * Streams the running domain over `link`, round by round (event `migration.round`), then stops it and
   * streams the rest; it stays stopped here until told. When that fails it goes on.
   */
  'migration.send': {
    params: { domid: number; link: MessagePort; code?: MessagePort; options?: MoveOptions };
    result: MoveReport;
  };
  /** Settles when all has arrived and is verified; the domain is complete but does not run. */
  'migration.received': { params: { domid: number }; result: ReceiveReport };
  /** After the commit record: run here. Answers with the time of the first instruction. */
  'migration.activate': { params: { domid: number }; result: { startedAtMs: number } };
  /** Before the commit record: the source goes on. */
  'migration.resume': { params: { domid: number }; result: void };
  /**
   * Target before commit or source after it: forget the domain and free its frames. What
   * comes over the network for one that went to another host, and runs there, is sent after it.
   */
  'migration.discard': { params: { domid: number; wentTo?: string }; result: void };

  /** The standby's host: reserves memory, starts a warm worker; checkpoints will come over `link`. */
  'protection.prepare': {
    params: { spec: DomainSpec; link: MessagePort; code?: MessagePort };
    result: void;
  };
  /**
   * The domain's host: copies it over `link` while it runs (event `migration.round`), then a checkpoint
   * every `intervalMs`; answers when the standby has the first. From then on what the domain sends is
   * held until the standby has the state that sent it.
   */
  'protection.begin': {
    params: { domid: number; link: MessagePort; code?: MessagePort; intervalMs: number };
    result: void;
  };
  /** The standby will never run: what is held leaves, and there are no more checkpoints. */
  'protection.end': { params: { domid: number }; result: void };
  /**
   * The standby's host, when the domain's worker is gone: it goes on here from its last checkpoint.
   * `spec`: what has changed since `protection.prepare`.
   */
  'protection.takeOver': {
    params: {
      domid: number;
      spec: Pick<DomainSpec, 'name' | 'memoryKiB' | 'disks' | 'interfaces'>;
    };
    result: { startedAtMs: number };
  };
  /** Forgets a standby. */
  'protection.discard': { params: { domid: number }; result: void };

  'xenstore.list': {
    params: { path: string };
    result: { path: string; value: Uint8Array; permissions: string; hasChildren: boolean }[];
  };
  'xenstore.read': { params: { path: string }; result: Uint8Array };
  'xenstore.write': { params: { path: string; value: Uint8Array }; result: void };
  'xenstore.remove': { params: { path: string }; result: void };
  /** Events `xenstore.changed` with this `watch` number follow until `xenstore.unwatch`. */
  'xenstore.watch': { params: { path: string; watch: number }; result: void };
  'xenstore.unwatch': { params: { watch: number }; result: void };
};

export type HostEvents = {
  /** The guest ended by itself; its worker is gone. */
  'domain.shutdown': { domid: number; uuid: string; reason: ShutdownReason; detail: string };
  /** Its worker died or its engine failed; a sentence why. */
  'domain.crashed': {
    domid: number;
    uuid: string;
    reason: string;
    /** Its worker is gone, through no fault of its guest's. */
    isLost: boolean;
  };
  /**
   * A request of its disk failed for what lies beneath; it is held until `domain.retryDisks`. Told
   * once until then.
   */
  'domain.diskFailed': { domid: number; uuid: string; disk: string; status: DiskStatus };
  /** By itself: its domain is gone from here, or the file could not be written (`reason`). */
  'capture.ended': { capture: string; reason: string | null };
  /** Its PV drivers spoke to xenstore for the first time in this life. */
  'domain.alive': { domid: number; uuid: string };
  /** Of a domain that is being sent: a round is over. */
  'migration.round': { domid: number; uuid: string; round: Round };
  /** Some times a second while one goes on. */
  'migration.roundUnderWay': { domid: number; uuid: string; round: RoundUnderWay };
  /** Of a domain that is being sent: after one more round it stands still for longer than expected. */
  'migration.longStop': { domid: number; uuid: string; stop: LongStop };
  /** Of a protected domain, about once a second. */
  'protection.checkpoints': { domid: number; uuid: string; figures: CheckpointFigures };
  /**
   * The standby gets no checkpoints any more; what the domain sends is held until `protection.end`.
   */
  'protection.lost': { domid: number; uuid: string; reason: string };
  'xenstore.changed': { watch: number; path: string };
  log: {
    level: 'debug' | 'info' | 'warning' | 'error';
    source: string;
    message: string;
    uuid: string | null;
  };
};

/** `workerData` of a host's worker. Calls and events go over the worker's own parent port. */
export interface HostWorkerData {
  name: string;
  memoryKiB: number;
  domain0KiB: number;
  pcpus: number;
  bandwidthBytesPerSecond: number;
  latencyMs: number;
  /** Of the frames that leave it: 0 up to, and not, 100. */
  lossPercent: number;
  /** `HostFrames` of the hypervisor */
  counters: SharedArrayBuffer;
  /** Where xenstore clients of the host connect: a Unix socket that the worker makes; null for none. */
  xenstoreSocketPath: string | null;
  /** The compiled, instrumented engine: one for the whole process. */
  engineModule: WebAssembly.Module;
}
