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
import { PortForward } from './port-forward.ts';
import type { MayReach } from './reach-policy.ts';
import { TcpTranslator } from './tcp-translator.ts';
import { UdpTranslator } from './udp-translator.ts';

export interface OutsideOptions {
  readonly gateway: Gateway;
  /** Null: nobody gets out, only forwards come in. */
  readonly mayReach: MayReach | null;
  /** Milliseconds of a clock that does not run backwards: the one that timers here go by. */
  readonly now: () => number;
  readonly tcpFlowsPerGuest?: number;
  readonly udpFlowsPerGuest?: number;
}

const REACH_NOTHING: MayReach = () => false;

export class Outside {
  readonly tcp: TcpTranslator;
  readonly udp: UdpTranslator | null;
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
    this.tcp = new TcpTranslator(mayReach ?? REACH_NOTHING, options.tcpFlowsPerGuest);
    this.stack = new TcpStack({
      gateway,
      timers: this.timers,
      now,
      onSyn: (guest, destination, connection) =>
        destination.address === gateway.address
          ? null
          : this.tcp.open(guest, destination, connection),
    });
    const { udpFlowsPerGuest } = options;
    this.udp = mayReach
      ? new UdpTranslator({
          gateway,
          timers: this.timers,
          now,
          mayReach,
          ...(udpFlowsPerGuest === undefined ? {} : { flowsPerGuest: udpFlowsPerGuest }),
        })
      : null;
  }

  /**
   * Listens on 127.0.0.1 for a guest.
   *
   * @param port 0 lets the system choose
   * @throws DomusError `network.port-in-use`, `network.port-refused`
   */
  forward(port: number, target: () => Endpoint | null): Promise<PortForward> {
    return PortForward.listen({ stack: this.stack, from: this.gateway.address, target, port });
  }

  /** A guest is gone: its connections are reset at both ends. */
  drop(guest: Ipv4Address): void {
    this.stack.drop(guest);
    this.udp?.drop(guest);
  }

  close(): void {
    this.stack.close();
    this.udp?.close();
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
