/** What the pieces of the toolstack share: handed to each operation, made once in `site.ts`. */
import type { ConsoleHub } from './console/console-hub.ts';
import type { DiskService } from './disks/disk-service.ts';
import type { DomainRegistry } from './domains/domain-registry.ts';
import type { EventBook } from './events/event-book.ts';
import type { GoldenLibrary } from './golden/golden-library.ts';
import type { HostWorkerFactory } from './hosts/host-link.ts';
import type { HostRegistry } from './hosts/host-registry.ts';
import type { Home } from './home.ts';
import type { ImageSource } from './image-source.ts';
import type { DefaultImage } from './lifecycle/default-image.ts';
import type { ImageDisks } from './lifecycle/root-disk.ts';
import type { Restarts } from './lifecycle/restarts.ts';
import type { LogBook } from './log/log-book.ts';
import type { MoveBook } from './moves/move-book.ts';
import type { SiteNetworks } from './networks/site-networks.ts';
import type { ProcessBudget } from './placement/process-budget.ts';
import type { KeptCode } from './saving/kept-code.ts';
import type { PoolViews } from './storage/pool-views.ts';
import type { Storage } from './storage/storage.ts';
import type { Store } from './store/store.ts';
import type { TaskBook } from './tasks/task-book.ts';

export interface SiteParts {
  readonly home: Home;
  readonly store: Store;
  readonly log: LogBook;
  readonly events: EventBook;
  readonly tasks: TaskBook;
  readonly moves: MoveBook;
  readonly hosts: HostRegistry;
  readonly domains: DomainRegistry;
  readonly disks: DiskService;
  readonly storage: Storage;
  readonly poolViews: PoolViews;
  readonly networks: SiteNetworks;
  readonly budget: ProcessBudget;
  readonly golden: GoldenLibrary;
  readonly keptCode: KeptCode;
  readonly images: ImageSource;
  readonly console: ConsoleHub;
  readonly defaultImage: DefaultImage;
  readonly imageDisks: ImageDisks;
  readonly restarts: Restarts;
  readonly hostFactory: HostWorkerFactory;
  readonly engineModule: WebAssembly.Module;
  /** Aborted when the site closes. */
  readonly closing: AbortSignal;
  /** Tells who watches that images or their snapshots came or went. */
  imagesChanged(): void;
}
