/** Asks the machine's own name servers, on the name service's behalf and not as a guest. */
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { DnsForward } from '../services/dns.ts';

const TIMEOUT_MS = 3000;
const DNS_PORT = 53;

/** An address, with a port when it is not DNS's own: `192.0.2.1`, `127.0.0.1:5353`. */
export type NameServer = string;

/**
 * A forwarder that asks one server after another.
 *
 * @param servers asked for each query; default: those of the machine
 */
export function forwardDns(servers: () => readonly NameServer[] = getServers): DnsForward {
  return async (query) => {
    for (const server of servers()) {
      const [host = '', port] = server.split(':');
      if (!isIPv4(host)) continue;
      const response = await ask(query, host, Number(port ?? DNS_PORT));
      if (response) return response;
    }
    return null;
  };
}

/**
 * One question to one server, from a port and with a number that others cannot guess, since
 * whoever answers first is believed (RFC 5452).
 */
function ask(query: Uint8Array, host: string, port: number): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const id = randomInt(0x1_0000);
    let isOver = false;
    const finish = (response: Uint8Array | null): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(response);
    };
    const timer = setTimeout(() => finish(null), TIMEOUT_MS);
    socket.on('error', () => finish(null));
    socket.on('message', (response) => {
      if (response.length < 12 || response.readUInt16BE(0) !== id) return;
      response.set(query.subarray(0, 2));
      finish(response);
    });
    socket.connect(port, host, () => {
      const asked = Buffer.from(query);
      asked.writeUInt16BE(id);
      socket.send(asked);
    });
  });
}
