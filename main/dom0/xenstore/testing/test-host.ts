import { XenstoreDaemon, type XenstoreOptions } from '../daemon.ts';
import { GuestDriver } from './guest-driver.ts';

/** A store with connected guests, each with a home as a toolstack would give it. */
export class TestHost {
  readonly daemon: XenstoreDaemon;

  constructor(options: XenstoreOptions = {}) {
    this.daemon = new XenstoreDaemon(options);
  }

  /** Connects a guest. Its home is readable for it; `data` below is its own. */
  guest(domid: number): GuestDriver {
    const home = `/local/domain/${domid}`;
    this.daemon.writeAll([
      { path: home, value: '', perms: ['n0', `r${domid}`] },
      { path: `${home}/name`, value: `guest-${domid}`, perms: ['n0', `r${domid}`] },
      { path: `${home}/data`, value: '', perms: [`n${domid}`] },
    ]);
    return new GuestDriver((peer) => this.daemon.introduce(domid, peer));
  }

  /** Connects a client with domain 0's rights. */
  client(): GuestDriver {
    return new GuestDriver((peer) => this.daemon.connectClient(peer));
  }
}
