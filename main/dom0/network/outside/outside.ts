/**
 * The way out of a network of kind `outside`, by the machine's own sockets: no root, no packets on
 * any real wire. TCP and UDP only; echoes are answered by the gateway and nobody else. Also where
 * forwarded ports come in, on every kind of network.
 */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { Endpoint } from '../protocol/endpoints.ts';
import type { Gateway } from '../services/gateway.ts';
import { TcpStack } from '../tcp/tcp-stack.ts';
import { TimerQueue } from '../timer-queue.ts';
import type { Forward } from './forward.ts';
import { PortForward } from './port-forward.ts';
import type { MayReach } from './reach-policy.ts';
import { TcpTranslator } from './tcp-translator.ts';
import { UdpForward } from './udp-forward.ts';
import { UdpTranslator } from './udp-translator.ts';

export interface OutsideOptions {
  readonly gateway: Gateway;
  /** Asked for each connection and datagram: what it answers may change. */
  readonly mayReach: MayReach;
  /**
   * Connections to the gateway's own address are for this machine's loopback, if the policy allows
   * that address. Default: there is nobody.
   */
  readonly isMachine?: boolean;
  /** Milliseconds of a clock that does not run backwards: the one that timers here go by. */
  readonly now: () => number;
  readonly tcpFlowsPerGuest?: number;
  readonly udpFlowsPerGuest?: number;
}

const LOOPBACK: Ipv4Address = 0x7f00_0001;

export class Outside {
  readonly tcp: TcpTranslator;
  readonly udp: UdpTranslator;
  private readonly gateway: Gateway;
  private readonly stack: TcpStack;
  private readonly timers: TimerQueue;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | null = null;

  /** The gateway carries what it does not know to here, after who was there before. */
  constructor(options: OutsideOptions) {
    const { gateway, now, mayReach } = options;
    this.gateway = gateway;
    this.now = now;
    this.timers = new TimerQueue(now, () => this.arm());
    this.tcp = new TcpTranslator(mayReach, options.tcpFlowsPerGuest);
    this.stack = new TcpStack({
      gateway,
      timers: this.timers,
      now,
      onSyn: (guest, destination, connection) => {
        const isOwn = destination.address === gateway.address;
        if (isOwn && options.isMachine !== true) return null;
        const to = isOwn ? { ...destination, address: LOOPBACK } : destination;
        return this.tcp.open(guest, to, connection);
      },
    });
    const { udpFlowsPerGuest } = options;
    this.udp = new UdpTranslator({
      gateway,
      timers: this.timers,
      now,
      mayReach,
      ...(udpFlowsPerGuest === undefined ? {} : { flowsPerGuest: udpFlowsPerGuest }),
    });
  }

  /**
   * Listens on 127.0.0.1 for a guest.
   *
   * @param port 0 lets the system choose
   * @throws DomusError `network.port-in-use`, `network.port-refused`
   */
  forward(protocol: 'tcp' | 'udp', port: number, target: () => Endpoint | null): Promise<Forward> {
    const { stack, gateway, timers, now } = this;
    return protocol === 'tcp'
      ? PortForward.listen({ stack, from: gateway.address, target, port })
      : UdpForward.listen({ gateway, timers, now, target, port });
  }

  /** The policy is another: what it does not allow any more ends. */
  recheck(): void {
    this.tcp.recheck();
    this.udp.recheck();
  }

  /** A guest is gone: its connections are reset at both ends. */
  drop(guest: Ipv4Address): void {
    this.stack.drop(guest);
    this.udp.drop(guest);
  }

  close(): void {
    this.stack.close();
    this.udp.close();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private arm(): void {
    if (this.timer) clearTimeout(this.timer);
    const { nextMs } = this.timers;
    if (nextMs === null) {
      this.timer = null;
      return;
    }
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.timers.run();
        this.arm();
      },
      Math.max(1, nextMs - this.now()),
    );
    // Waiting for a guest must not keep the process alive.
    this.timer.unref();
  }
}
