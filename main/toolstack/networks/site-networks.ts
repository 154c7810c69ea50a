/** All of the site's networking, put together: what each part needs of the others. */
import type { Networking } from '../../../shared/contract/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { EventBook } from '../events/event-book.ts';
import type { LogBook } from '../log/log-book.ts';
import type { Store } from '../store/store.ts';
import { AddressDesk } from './address-desk.ts';
import { CaptureBook } from './capture-book.ts';
import { Fabric } from './fabric.ts';
import { ForwardBook } from './forward-book.ts';
import type { GatewayLink, GatewayWorkerFactory } from './gateway-link.ts';
import { Gateways } from './gateways.ts';
import { FIRST_NETWORK, NetworkRegistry, networkView } from './network-registry.ts';
import type { Holder, InterfacePlace } from './plan-interfaces.ts';

export interface SiteNetworksOptions {
  store: Store;
  events: EventBook;
  log: LogBook;
  factory: GatewayWorkerFactory;
  /** Deleted ones too. */
  domains(): ManagedDomain[];
  changed(networking: Networking): void;
}

export class SiteNetworks implements InterfacePlace {
  readonly registry: NetworkRegistry;
  readonly fabric: Fabric;
  readonly addresses: AddressDesk;
  readonly forwards: ForwardBook;
  readonly captures: CaptureBook;
  readonly gateways: Gateways;
  private readonly options: SiteNetworksOptions;

  constructor(options: SiteNetworksOptions) {
    this.options = options;
    const { store, events, log, factory, domains } = options;
    const warn = (level: 'warning', message: string): void => log.write(level, 'networks', message);
    const networks = (): ReturnType<NetworkRegistry['all']> => this.registry.all();
    const changed = (): void => this.changed();
    this.registry = new NetworkRegistry(store.networks);
    this.fabric = new Fabric({ networks, log: warn });
    this.addresses = new AddressDesk({
      networks,
      domains: () => domains().filter(({ deletedAtMs }) => deletedAtMs === null),
      log: warn,
    });
    this.forwards = new ForwardBook({
      table: store.forwards,
      events,
      domain: (uuid) => domains().find((domain) => domain.uuid === uuid),
      changed,
    });
    this.captures = new CaptureBook(changed);
    this.gateways = new Gateways({
      factory,
      events,
      log: (level, message, uuid) => log.write(level, 'gateways', message, uuid),
      up: (link) => void this.gatewaysUp(link),
      down: () => {
        this.addresses.gatewaysDown();
        this.forwards.gatewaysDown();
      },
      addressTaken: (mac) => this.addresses.taken(mac),
    });
  }

  /** The first network, once in the life of a home; then the gateways. */
  start(): void {
    const { settings } = this.options.store;
    if (settings.get('networkMade') === undefined) {
      settings.set('networkMade', 'yes');
      if (this.registry.all().length === 0) this.registry.add(FIRST_NETWORK);
    }
    this.gateways.start();
  }

  network(name: string): ReturnType<NetworkRegistry['get']> {
    return this.registry.get(name);
  }

  *holders(): Generator<Holder, void, void> {
    for (const { name, deletedAtMs, definition } of this.options.domains()) {
      for (const one of definition.interfaces) {
        yield { domain: name, isDeleted: deletedAtMs !== null, definition: one };
      }
    }
  }

  get view(): Networking {
    return {
      networks: this.registry.all().map(networkView),
      forwards: this.forwards.all(),
      captures: this.captures.all(),
    };
  }

  /** Something of a domain changed: its name, its interfaces, whether there is one. */
  domainChanged(): void {
    this.addresses.changed();
    void this.forwards.adjust();
  }

  private async gatewaysUp(link: GatewayLink): Promise<void> {
    await this.fabric.gatewaysUp(link);
    if (!this.gateways.isCurrent(link)) return;
    this.addresses.gatewaysUp(link);
    this.forwards.gatewaysUp(link);
  }

  /** Tells who watches. */
  changed(): void {
    this.options.changed(this.view);
  }

  close(): Promise<void> {
    return this.gateways.close();
  }
}
