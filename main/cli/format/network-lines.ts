/** Interfaces, networks, forwards and captures for people. */
import type { Capture, Forward, Interface, Network } from '../../../shared/contract/index.ts';
import { bytes } from './units.ts';

/** `eth0: default 10.77.0.2 (00:16:3e:12:34:56)` */
export function interfaceLine({ handle, network, address, mac, linkUp }: Interface): string {
  return `eth${handle}: ${network} ${address} (${mac}${linkUp ? '' : ', link down'})`;
}

/** Sending and receiving: `1.0 MB/s, -`. */
export function limitText(one: Interface): string {
  return [one.sendLimitBytesPerSecond, one.receiveLimitBytesPerSecond]
    .map((limit) => (limit === null ? '-' : `${bytes(limit)}/s`))
    .join(', ');
}

/** `all`, or `2 rules, else deny`. */
export function accessText({ access: { rules, otherwise } }: Interface): string {
  if (rules.length === 0) return otherwise === 'allow' ? 'all' : 'none';
  return `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}, else ${otherwise}`;
}

/** `10.77.0.0/24, isolated` */
export function networkText({ subnet, kind, reachesMachine }: Network): string {
  return `${subnet}, ${kind}${reachesMachine ? ', reaches this machine' : ''}`;
}

/** `127.0.0.1:2222 -> web1:22 (tcp)` */
export function forwardText({ port, domain, toPort, protocol }: Forward): string {
  return `127.0.0.1:${port} -> ${domain}:${toPort} (${protocol})`;
}

/** `goes on`, or `41 frames, 2 left out: its domain ended`. */
export function captureText({ endedAtMs, frames, dropped, fault }: Capture): string {
  if (endedAtMs === null) return 'goes on';
  const lost = dropped === 0 ? '' : `, ${dropped} left out`;
  return `${frames} ${frames === 1 ? 'frame' : 'frames'}${lost}${fault === null ? '' : `: ${fault}`}`;
}
