/** Connections that guests open to the outside, each ended here and continued by a socket. */
import { connect } from 'node:net';
import { formatIpv4 } from '../address/ipv4-address.ts';
import type { Endpoint } from '../protocol/endpoints.ts';
import type { TcpConnection, TcpEvents } from '../tcp/tcp-connection.ts';
import { bridge } from './tcp-bridge.ts';
import { FlowLimit } from './flow-limit.ts';
import type { MayReach } from './reach-policy.ts';

/** Of one guest; each is a file descriptor of the daemon. */
export const TCP_FLOWS_PER_GUEST = 256;
/** As long as a guest's own system would try. */
const CONNECT_TIMEOUT_MS = 60_000;

export class TcpTranslator {
  /** Connections refused: by policy, and because a guest has its share. */
  readonly refused = { policy: 0, limit: 0 };
  private readonly mayReach: MayReach;
  private readonly limit: FlowLimit;
  private readonly flows = new Set<{ destination: Endpoint; connection: () => TcpConnection }>();

  constructor(mayReach: MayReach, flowsPerGuest: number = TCP_FLOWS_PER_GUEST) {
    this.mayReach = mayReach;
    this.limit = new FlowLimit(flowsPerGuest);
  }

  /** As `TcpStackOptions.onSyn`. */
  open(guest: Endpoint, destination: Endpoint, connection: () => TcpConnection): TcpEvents | null {
    if (destination.port === 0 || !this.mayReach(destination.address, destination.port, 'tcp')) {
      this.refused.policy++;
      return null;
    }
    if (!this.limit.take(guest.address)) {
      this.refused.limit++;
      return null;
    }
    const socket = connect({
      host: formatIpv4(destination.address),
      port: destination.port,
      family: 4,
      allowHalfOpen: true,
      noDelay: true,
    });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy());
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.pause();
      connection().accept();
    });
    const flow = { destination, connection };
    this.flows.add(flow);
    return bridge(socket, connection, () => {
      this.flows.delete(flow);
      this.limit.giveBack(guest.address);
    });
  }

  /** Resets what the policy does not allow any more. */
  recheck(): void {
    for (const { destination, connection } of [...this.flows]) {
      if (!this.mayReach(destination.address, destination.port, 'tcp')) connection().reset();
    }
  }
}
