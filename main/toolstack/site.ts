/** The site: everything the toolstack is, put together, opened on a home folder, and closed. */
import type { MessagePort } from 'node:worker_threads';
import { compileEngine, ENGINE_VERSION } from '../hypervisor/index.ts';
import { OWN_VERSIONS } from '../migration/index.ts';
import { checkpointCalls } from './calls/checkpoint-calls.ts';
import { domainCalls } from './calls/domain-calls.ts';
import { hostCalls } from './calls/host-calls.ts';
import { imageCalls, imageViews } from './calls/image-calls.ts';
import { captureCalls, forwardCalls, networkCalls } from './calls/network-calls.ts';
import type { SiteApi } from './calls/site-api.ts';
import { siteCalls } from './calls/site-calls.ts';
import { poolCalls, volumeCalls } from './calls/storage-calls.ts';
import { taskCalls } from './calls/task-calls.ts';
import { xenstoreCalls } from './calls/xenstore-calls.ts';
import { tidyStates } from './checkpoints/tidy-states.ts';
import { ConsoleHub } from './console/console-hub.ts';
import { DiskLocks } from './disks/disk-locks.ts';
import { DiskService } from './disks/disk-service.ts';
import type { IoWorkerFactory } from './disks/io-link.ts';
import { domain0View } from './domains/domain0.ts';
import { DomainRegistry } from './domains/domain-registry.ts';
import type { ManagedDomain } from './domains/managed-domain.ts';
import { EventBook } from './events/event-book.ts';
import { FolderTurns } from './files/folder-turns.ts';
import type { ProcessLock } from './files/process-lock.ts';
import { codeDigest } from './golden/code-digest.ts';
import { GoldenLibrary } from './golden/golden-library.ts';
import { createHome, xenstoreSocket } from './home.ts';
import type { Home } from './home.ts';
import { lockHome } from './home-lock.ts';
import { hostDied, listenToHost } from './host-listener.ts';
import type { HostWorkerFactory } from './hosts/host-link.ts';
import { HostRegistry } from './hosts/host-registry.ts';
import type { SiteHost } from './hosts/site-host.ts';
import type { ImageSource } from './image-source.ts';
import { NameClaims } from './lifecycle/create-domain.ts';
import { DefaultImage } from './lifecycle/default-image.ts';
import { demoDomains, demoHosts } from './lifecycle/demo.ts';
import { disksLost } from './lifecycle/disk-failure.ts';
import { KERNEL_WORDS } from './lifecycle/kernel-words.ts';
import { ImageDisks } from './lifecycle/root-disk.ts';
import { Restarts } from './lifecycle/restarts.ts';
import type { LogLevel } from './log/line.ts';
import { LogBook } from './log/log-book.ts';
import { MoveBook } from './moves/move-book.ts';
import type { GatewayWorkerFactory } from './networks/gateway-link.ts';
import { SiteNetworks } from './networks/site-networks.ts';
import { ProcessBudget } from './placement/process-budget.ts';
import type { BudgetSettings } from './placement/process-budget.ts';
import { KeptCode } from './saving/kept-code.ts';
import type { SiteParts } from './site-parts.ts';
import { Sampler } from './statistics/sampler.ts';
import { openSource } from './storage/open-source.ts';
import { PoolRegistry } from './storage/pool-registry.ts';
import { PoolViews } from './storage/pool-views.ts';
import { deleteAllDoomed } from './storage/doomed-volumes.ts';
import { Storage } from './storage/storage.ts';
import { Transfers } from './storage/transfers.ts';
import { recover } from './store/recover.ts';
import { Store } from './store/store.ts';
import { SiteFeed } from './streams/site-feed.ts';
import { TaskBook } from './tasks/task-book.ts';

export interface SiteOptions {
  home: Home;
  version: string;
  logLevel: LogLevel;
  budget?: BudgetSettings;
  hostFactory: HostWorkerFactory;
  ioFactory: IoWorkerFactory;
  gatewayFactory: GatewayWorkerFactory;
  /** To the console worker (`ConsoleHubCalls`). */
  console: MessagePort;
  images(parts: { home: Home; log: LogBook }): ImageSource | Promise<ImageSource>;
  /** Where the code lies that golden snapshots depend on. */
  codeFolders: readonly URL[];
  /** `site.shutdown` was called. */
  onStop(): void;
}

export class Site {
  readonly api: SiteApi;
  readonly parts: SiteParts;
  /** Contents of volumes, for whoever has the connections. */
  readonly transfers: Transfers;
  private readonly claims: NameClaims;
  private readonly feed: SiteFeed;
  private readonly sampler: Sampler;
  private readonly lock: ProcessLock;
  private readonly closing: AbortController;
  private closed: Promise<void> | null = null;

  private constructor(
    parts: SiteParts,
    options: SiteOptions,
    lock: ProcessLock,
    feed: SiteFeed,
    closing: AbortController,
  ) {
    const startedAtMs = Date.now();
    this.closing = closing;
    this.parts = parts;
    this.lock = lock;
    this.feed = feed;
    this.claims = new NameClaims();
    this.transfers = new Transfers(parts);
    this.sampler = new Sampler(parts.hosts, parts.domains);
    const { version, onStop } = options;
    this.api = {
      site: siteCalls(parts, { version, startedAtMs, feed, sampler: this.sampler, stop: onStop }),
      hosts: hostCalls(parts),
      domains: domainCalls(parts, startedAtMs, this.claims),
      checkpoints: checkpointCalls(parts),
      xenstore: xenstoreCalls(parts),
      images: imageCalls(parts),
      pools: poolCalls(parts),
      volumes: volumeCalls(parts),
      networks: networkCalls(parts),
      forwards: forwardCalls(parts),
      captures: captureCalls(parts),
      tasks: taskCalls(parts.tasks),
    };
  }

  /**
   * Opens the home and starts its hosts; a home without hosts gets the demo's. Errors
   * `home.unusable`, `home.in-use`, `store.*`.
   */
  static async open(options: SiteOptions): Promise<Site> {
    const { home } = options;
    createHome(home);
    const lock = lockHome(home);
    try {
      const closing = new AbortController();
      const feed: SiteFeed = new SiteFeed((readers) => parts.poolViews.watch(readers > 0));
      const parts: SiteParts = await assemble(options, feed, closing.signal);
      const site = new Site(parts, options, lock, feed, closing);
      tidyStates(parts);
      parts.networks.start();
      void deleteAllDoomed(parts, closing.signal);
      await parts.hosts.startAll();
      await demoHosts(parts);
      parts.log.write('info', 'site', `version ${options.version} opened ${home.folder}`);
      return site;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The demo's domains, in a home that has had none yet; they come up as tasks. */
  demo(): Promise<void> {
    return demoDomains(this.parts, this.claims);
  }

  /** Ends every worker. What runs is remembered as having run. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    const { tasks, moves, hosts, disks, networks, poolViews, golden, events, log, store } =
      this.parts;
    this.closing.abort();
    await this.transfers.close();
    await tasks.close();
    moves.close();
    await hosts.close();
    await poolViews.close();
    await disks.close();
    await networks.close();
    golden.close();
    this.sampler.close();
    this.feed.close();
    events.close();
    log.write('info', 'site', 'closed');
    log.close();
    store.close();
    this.lock.release();
  }
}

async function assemble(
  options: SiteOptions,
  feed: SiteFeed,
  closing: AbortSignal,
): Promise<SiteParts> {
  const { home, hostFactory } = options;
  const log = new LogBook(home.logs, options.logLevel);
  const { store, setAside } = Store.open(home.database);
  const events = new EventBook(store.events, log);
  tellRecovery(store, events, log, setAside);
  const [engineModule, images] = await Promise.all([
    compileEngine(),
    options.images({ home, log }),
  ]);
  const tasks = new TaskBook(store.tasks, log, (task) => feed.publish({ type: 'task', task }));
  tasks.closeUnfinished();
  const moves = new MoveBook({
    table: store.moveHistory,
    log,
    changed: (move) => feed.publish({ type: 'move', move }),
  });
  const console = new ConsoleHub(options.console, log);
  const golden = new GoldenLibrary({
    folder: home.golden,
    versions: {
      engine: `${ENGINE_VERSION}, V8 ${process.versions.v8}`,
      hypervisorState: OWN_VERSIONS.hypervisorState,
      stream: JSON.stringify(OWN_VERSIONS),
      code: codeDigest(options.codeFolders),
      kernelWords: KERNEL_WORDS,
    },
    events,
    images: async () => (await images.list()).map(({ id }) => id),
    changed: imagesChanged,
  });
  const domains = new DomainRegistry({
    table: store.domains,
    settings: store.settings,
    changed: (domain) => domainChanged(domain),
    removed: (uuid) => {
      feed.publish({ type: 'domain-removed', uuid });
      poolViews.domainChanged();
      networks.domainChanged();
      console.forget(uuid);
    },
  });
  const disks = new DiskService({
    factory: options.ioFactory,
    home: home.folder,
    open: (disk, user, host) => openSource(storage, disk, user, host),
    log: (level, message) => log.write(level, 'disks', message),
    lost: (domids, reason) => void disksLost(parts, domids, reason),
  });
  const storage = await openStorage(home, store, log, disks);
  const poolViews = new PoolViews({
    storage,
    domains,
    publish: (pools) => feed.publish({ type: 'pools', pools }),
    log: (message) => log.write('warning', 'storage', message),
  });
  const networks = new SiteNetworks({
    store,
    events,
    log,
    factory: options.gatewayFactory,
    domains: () => domains.everything(),
    changed: (networking) => feed.publish({ type: 'networking', networking }),
  });
  const hosts = new HostRegistry({
    table: store.hosts,
    events,
    factory: hostFactory,
    engineModule,
    socketFor: (host) => xenstoreSocket(home, host),
    growing: (host) => domains.growing(host),
    started: (host, link) => listenToHost(parts, host, link),
    died: (host, reason) => hostDied(parts, host, reason),
    changed: (host) => hostChanged(host),
    removed: (name) => feed.publish({ type: 'host-removed', name }),
  });
  const parts: SiteParts = {
    home,
    store,
    log,
    events,
    tasks,
    moves,
    hosts,
    domains,
    disks,
    storage,
    poolViews,
    networks,
    budget: new ProcessBudget(options.budget),
    golden,
    images,
    console,
    defaultImage: new DefaultImage(),
    imageDisks: new ImageDisks(),
    restarts: new Restarts(),
    keptCode: new KeptCode(),
    hostFactory,
    engineModule,
    closing,
    imagesChanged,
  };
  const openedAtMs = Date.now();

  function domainChanged(domain: ManagedDomain): void {
    poolViews.domainChanged();
    if (domain.deletedAtMs !== null) return;
    feed.publish({ type: 'domain', domain: domain.view });
    console.state(domain.uuid, domain.name, domain.state);
    if (domain.running) feed.publish({ type: 'host', host: domain.running.host.view });
    networks.domainChanged();
  }

  function imagesChanged(): void {
    imageViews({ images, golden })
      .then((views) => feed.publish({ type: 'images', images: views }))
      .catch((error: unknown) => log.write('warning', 'images', String(error)));
  }

  function hostChanged(host: SiteHost): void {
    feed.publish({ type: 'host', host: host.view });
    feed.publish({ type: 'domain', domain: domain0View(host, openedAtMs) });
  }

  return parts;
}

/** The pools, with the first one of a new home. */
async function openStorage(
  home: Home,
  store: Store,
  log: LogBook,
  disks: DiskService,
): Promise<Storage> {
  const folders = new FolderTurns();
  const pools = new PoolRegistry({
    table: store.pools,
    settings: store.settings,
    home: home.folder,
    folders,
  });
  const tell = (level: 'warning' | 'error', message: string): void =>
    log.write(level, 'storage', message);
  const locks = new DiskLocks(home.diskLocks);
  const storage = new Storage({
    pools,
    locks,
    folders,
    home: home.folder,
    looker: () => disks.looker(),
    jobs: (place) => disks.jobs(place),
    log: tell,
  });
  try {
    await pools.addDefault();
  } catch (error) {
    tell('error', `there is no first pool: ${String(error)}`);
  }
  void storage.tidy();
  return storage;
}

/** Says what an earlier run of the program left, and what became of it. */
function tellRecovery(
  store: Store,
  events: EventBook,
  log: LogBook,
  setAside: string | null,
): void {
  if (setAside) {
    events.add(
      'error',
      'store.set-aside',
      `The database was damaged. It was kept as ${setAside}, and a new one was started: domains and hosts are to be made anew.`,
    );
  }
  const { wereRunning, moves, purged } = recover(store);
  for (const uuid of purged) log.forget(uuid);
  for (const sentence of moves) events.add('warning', 'domain.move-settled', sentence);
  if (wereRunning.length > 0) {
    events.add(
      'warning',
      'site.were-running',
      `When the program ended these domains were running: ${wereRunning.join(', ')}. They can be started again.`,
    );
  }
}
