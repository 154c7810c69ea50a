import { DOM0, guestCaller, privilegedCaller } from './caller.ts';
import { XenstoreConnection, type XenstorePeer } from './connection.ts';
import type { Outcome } from './errno.ts';
import { rm } from './operations.ts';
import { INTRODUCE_DOMAIN, RELEASE_DOMAIN } from './path.ts';
import type { Permissions } from './permissions.ts';
import type { DomainAdmin, StoreServices } from './requests/request.ts';
import { SUPPORTED_FEATURES } from './wire.ts';

/** What a daemon is told when a domain 0 client asks to introduce a domain it does not know. */
export type IntroduceHook = (domid: number, gfn: number, port: number) => XenstorePeer | undefined;

interface KnownDomain {
  connection: XenstoreConnection;
  peer: XenstorePeer;
  /** Its shutdown was announced, and is not again until it is resumed. */
  shutDown: boolean;
}

/** The domains the store talks to. Domain 0 is always there. */
export class DomainTable implements DomainAdmin {
  readonly #services: StoreServices;
  readonly #domains = new Map<number, KnownDomain>();
  readonly #features = new Map<number, number>();
  readonly #attach: IntroduceHook | undefined;

  /** @param attach finds the ring of a domain that a client's INTRODUCE names; without it, refused */
  constructor(services: Omit<StoreServices, 'domains'>, attach: IntroduceHook | undefined) {
    this.#services = { ...services, domains: this };
    this.#attach = attach;
  }

  /** The services with this table in them: what requests are served with. */
  get services(): StoreServices {
    return this.#services;
  }

  connection(domid: number): XenstoreConnection | undefined {
    return this.#domains.get(domid)?.connection;
  }

  domids(): Iterable<number> {
    return this.#domains.keys();
  }

  /** Connects a domain, or gives a connected one a new, empty connection. */
  connect(domid: number, peer: XenstorePeer): XenstoreConnection {
    const known = this.#domains.get(domid);
    known?.connection.close('released');
    const caller = known?.connection.caller ?? guestCaller(domid);
    const connection = new XenstoreConnection(this.#services, caller, peer);
    this.#domains.set(domid, { connection, peer, shutDown: false });
    if (!known) this.#services.watches.fireSpecial(INTRODUCE_DOMAIN, domid);
    return connection;
  }

  introduce(domid: number, gfn: number, port: number): Outcome {
    const known = this.#domains.get(domid);
    if (known && !known.connection.closed) {
      known.connection.reset();
      known.peer.reset?.();
      return 'OK';
    }
    const peer = this.#attach?.(domid, gfn, port);
    if (!peer) return 'EINVAL';
    this.connect(domid, peer);
    return 'OK';
  }

  /** Disconnects a domain, removes the nodes it owns and its name from all permissions. */
  release(domid: number): Outcome {
    const known = this.#domains.get(domid);
    if (!known) return 'ENOENT';
    this.#domains.delete(domid);
    known.connection.close('released');
    this.#features.delete(domid);
    for (const { connection } of this.#domains.values()) {
      if (connection.caller.target === domid) connection.caller.target = undefined;
    }
    this.#expunge(domid);
    this.#services.accounts.forget(domid);
    this.#services.watches.fireSpecial(RELEASE_DOMAIN, domid);
    return 'OK';
  }

  resume(domid: number): Outcome {
    const known = this.#domains.get(domid);
    if (!known) return 'ENOENT';
    known.shutDown = false;
    return 'OK';
  }

  /** The domain shut down, crashed or suspended: announced once until `resume`. */
  shutDown(domid: number): Outcome {
    const known = this.#domains.get(domid);
    if (!known) return 'ENOENT';
    if (known.shutDown) return 'OK';
    known.shutDown = true;
    this.#services.watches.fireSpecial(RELEASE_DOMAIN, domid);
    return 'OK';
  }

  setTarget(domid: number, target: number): Outcome {
    const known = this.#domains.get(domid);
    if (!known || !this.#domains.has(target)) return 'ENOENT';
    known.connection.caller.target = target;
    return 'OK';
  }

  isIntroduced(domid: number): boolean {
    return domid === DOM0 || this.#domains.has(domid);
  }

  features(domid: number): number {
    return this.#features.get(domid) ?? SUPPORTED_FEATURES;
  }

  setFeatures(domid: number, features: number): Outcome {
    if (this.isIntroduced(domid)) return 'EBUSY';
    if ((features & ~SUPPORTED_FEATURES) !== 0) return 'EINVAL';
    this.#features.set(domid, features);
    return 'OK';
  }

  #expunge(domid: number): void {
    const { tree } = this.#services;
    for (const [path, node] of [...tree.entries()]) {
      if (tree.get(path) !== node) continue; // went with an ancestor
      if (node.owner === domid && path.startsWith('/') && path !== '/') {
        rm(tree, privilegedCaller(), path);
        continue;
      }
      const [owner, ...others] = node.perms;
      const kept = others.filter((entry) => entry.domid !== domid);
      const keptOwner = owner.domid === domid ? { ...owner, domid: DOM0 } : owner;
      if (kept.length === others.length && keptOwner === owner) continue;
      const perms: Permissions = [keptOwner, ...kept];
      tree.setPerms(path, node, perms);
    }
  }
}
