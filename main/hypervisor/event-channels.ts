/**
 * Event channels, the two-level ABI of 1024 ports (Xen's `event_channel.c`, `event_2l.c`). One end
 * of an interdomain channel is always a guest's port; the other is domain 0's, served in this same
 * thread: `connect` gives a back end its end.
 */
import type { DomId, EventPort } from './abi/index.ts';
import {
  DomId as domIdOf,
  Errno,
  EVENT_CHANNELS_2LEVEL,
  EventPort as portOf,
  NR_VIRQS,
  ReservedDomId,
} from './abi/index.ts';
import type { SharedInfoPage } from './shared-info.ts';

export type Channel =
  | { type: 'unbound'; remote: DomId }
  | { type: 'interdomain'; remote: DomId }
  | { type: 'virq'; virq: number }
  | { type: 'ipi' };

/** Domain 0's end of a channel. */
export interface BackendPort {
  readonly port: EventPort;
  /** Makes the guest's port pending. */
  notify(): void;
  /** Lets go: the guest's port becomes unbound. */
  close(): void;
}

/** As it is saved: branded numbers are plain ones there. */
export type EventChannelState = {
  port: number;
  channel:
    | { type: 'unbound' | 'interdomain'; remote: number }
    | { type: 'virq'; virq: number }
    | { type: 'ipi' };
}[];

const DOMAIN_0 = domIdOf(0);

export class EventChannels {
  private readonly shared: SharedInfoPage;
  private readonly raiseUpcall: () => void;
  private readonly channels: (Channel | null)[] = new Array<null>(EVENT_CHANNELS_2LEVEL).fill(null);
  /** Beyond the last that was ever in use: few of them are. */
  private end = 1;
  private readonly backends = new Map<number, () => void>();
  private readonly virqPorts: (number | null)[] = new Array<null>(NR_VIRQS).fill(null);

  constructor(shared: SharedInfoPage, raiseUpcall: () => void) {
    this.shared = shared;
    this.raiseUpcall = raiseUpcall;
  }

  at(port: number): Channel | null {
    return this.channels[port] ?? null;
  }

  *bound(): Generator<{ port: number; channel: Channel }> {
    for (let port = 1; port < this.end; port++) {
      const channel = this.channels[port];
      if (channel) yield { port, channel };
    }
  }

  /** A free port, or -ENOSPC. */
  allocUnbound(remote: DomId, self: DomId): number {
    const peer = remote === ReservedDomId.self ? self : remote;
    return this.allocate({ type: 'unbound', remote: peer });
  }

  bindVirq(virq: number): number {
    if (virq >= NR_VIRQS) return -Errno.EINVAL;
    if (this.virqPorts[virq] !== null) return -Errno.EEXIST;
    const port = this.allocate({ type: 'virq', virq });
    if (port > 0) this.virqPorts[virq] = port;
    return port;
  }

  bindIpi(): number {
    return this.allocate({ type: 'ipi' });
  }

  close(port: number): number {
    const channel = this.at(port);
    if (!channel) return -Errno.EINVAL;
    if (channel.type === 'virq') this.virqPorts[channel.virq] = null;
    this.backends.delete(port);
    this.channels[port] = null;
    this.shared.clearPending(port);
    return 0;
  }

  /** What the guest's EVTCHNOP_send does; an unbound peer drops it. */
  send(port: number): number {
    const channel = this.at(port);
    if (!channel || channel.type === 'virq') return -Errno.EINVAL;
    if (channel.type === 'ipi') this.setPending(port);
    else if (channel.type === 'interdomain') this.backends.get(port)?.();
    return 0;
  }

  /** Acts on a masked port, too: Linux masks it again before it asks. */
  unmask(port: number): number {
    if (!this.at(port)) return -Errno.EINVAL;
    if (!this.shared.isMasked(port)) return 0;
    this.shared.clearMask(port);
    if (this.shared.isPending(port)) this.signal(port);
    return 0;
  }

  reset(): void {
    for (const { port } of [...this.bound()]) this.close(port);
  }

  raiseVirq(virq: number): void {
    const port = this.virqPorts[virq];
    if (port !== null && port !== undefined) this.setPending(port);
  }

  /**
   * Domain 0 binds to a port that the guest (or its builder) left unbound for it, or takes up again
   * after a restore. Null when the guest's port is no such port: a hostile or late front end.
   */
  connect(port: number, onNotify: () => void): BackendPort | null {
    const channel = this.at(port);
    if (!channel || channel.type === 'virq' || channel.type === 'ipi') return null;
    if (channel.remote !== DOMAIN_0 || this.backends.has(port)) return null;
    this.channels[port] = { type: 'interdomain', remote: DOMAIN_0 };
    this.backends.set(port, onNotify);
    return {
      port: portOf(port),
      notify: () => {
        if (this.backends.get(port) === onNotify) this.setPending(port);
      },
      close: () => {
        if (this.backends.get(port) !== onNotify) return;
        this.backends.delete(port);
        this.channels[port] = { type: 'unbound', remote: DOMAIN_0 };
      },
    };
  }

  save(): EventChannelState {
    return [...this.bound()];
  }

  /** Back ends connect again afterwards. */
  restore(state: EventChannelState): void {
    this.channels.fill(null);
    this.virqPorts.fill(null);
    for (const { port, channel } of state) {
      if (port <= 0 || port >= EVENT_CHANNELS_2LEVEL) throw new RangeError(`no event port ${port}`);
      this.put(port, channel as Channel);
      if (channel.type === 'virq') this.virqPorts[channel.virq] = port;
    }
  }

  private allocate(channel: Channel): number {
    const port = this.channels.indexOf(null, 1);
    if (port < 0) return -Errno.ENOSPC;
    this.put(port, channel);
    return port;
  }

  private put(port: number, channel: Channel): void {
    this.channels[port] = channel;
    this.end = Math.max(this.end, port + 1);
  }

  private setPending(port: number): void {
    if (!this.shared.testAndSetPending(port) && !this.shared.isMasked(port)) this.signal(port);
  }

  private signal(port: number): void {
    if (this.shared.select(port)) this.raiseUpcall();
  }
}
