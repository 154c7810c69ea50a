/**
 * A name server at a gateway: names of the network's domains, alone or with the zone, and the
 * addresses' names. Everything else is refused, or asked outside where that is allowed.
 */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { contains, parseIpv4 } from '../address/ipv4-address.ts';
import {
  DNS_PORT,
  DnsResponseCode,
  DnsType,
  buildDnsRefusal,
  buildDnsResponse,
  readDnsQuery,
} from '../protocol/dns.ts';
import type { DnsQuery, DnsRecord } from '../protocol/dns.ts';
import { UDP_HEADER_BYTES } from '../protocol/udp.ts';
import { IPV4_HEADER_BYTES } from '../protocol/ipv4.ts';
import type { Datagram, Gateway } from './gateway.ts';

export interface DnsNames {
  /** Of a domain's name, one label in lower case. */
  addressesOf(name: string): readonly Ipv4Address[];
  nameOf(address: Ipv4Address): string | null;
}

/** Asks others: a whole query for a whole response, or null when there is none. */
export type DnsForward = (query: Uint8Array) => Promise<Uint8Array | null>;

export interface DnsOptions {
  readonly names: DnsNames;
  /** Without dots at its ends, for example `domus.internal`. */
  readonly zone: string;
  /** Null: names of others are refused. */
  readonly forward: DnsForward | null;
}

/** Domains come, go and move: resolvers should ask again soon. */
const TTL_SECONDS = 10;
const ANSWERS_MAX = 16;
/** Queries of one guest that are under way outside. */
const FORWARDS_PER_GUEST = 32;
const REVERSE_ZONE = '.in-addr.arpa';

type Outcome = { code: number; records: DnsRecord[] };
const nothing: Outcome = { code: DnsResponseCode.noError, records: [] };
const noSuchName: Outcome = { code: DnsResponseCode.nameError, records: [] };

export class DnsService {
  private readonly gateway: Gateway;
  private readonly options: DnsOptions;
  private readonly underWay = new Map<Ipv4Address, number>();

  constructor(gateway: Gateway, options: DnsOptions) {
    this.gateway = gateway;
    this.options = options;
    gateway.listen(DNS_PORT, (datagram) => this.receive(datagram));
  }

  private receive(datagram: Datagram): void {
    const query = readDnsQuery(datagram.payload);
    if (query === null) return;
    if (typeof query === 'number') {
      this.reply(datagram, buildDnsRefusal(datagram.payload, query));
      return;
    }
    const outcome = this.resolve(query);
    if (outcome) {
      const { code, records } = outcome;
      this.reply(datagram, buildDnsResponse(query, code, records, TTL_SECONDS));
    } else this.forward(datagram, query);
  }

  /** Null for a name of others. */
  private resolve({ name, type }: DnsQuery): Outcome | null {
    const { names, zone } = this.options;
    if (name === zone) return nothing;
    const isOurs = name.endsWith(`.${zone}`);
    const label = isOurs ? name.slice(0, -zone.length - 1) : name;
    if (label !== '' && !label.includes('.')) {
      const addresses = names.addressesOf(label).slice(0, ANSWERS_MAX);
      if (addresses.length === 0) return noSuchName;
      const isAsked = type === DnsType.a || type === DnsType.any;
      if (!isAsked) return nothing;
      return { ...nothing, records: addresses.map((address) => ({ kind: 'a', address })) };
    }
    return isOurs ? noSuchName : this.resolveReverse(name, type);
  }

  private resolveReverse(name: string, type: number): Outcome | null {
    if (!name.endsWith(REVERSE_ZONE)) return null;
    const octets = name.slice(0, -REVERSE_ZONE.length).split('.');
    const address = parseIpv4(octets.reverse().join('.'));
    if (address === null || !contains(this.gateway.subnet, address)) return null;
    const host = this.options.names.nameOf(address);
    if (host === null) return noSuchName;
    if (type !== DnsType.ptr && type !== DnsType.any) return nothing;
    return { ...nothing, records: [{ kind: 'ptr', name: `${host}.${this.options.zone}` }] };
  }

  private forward(datagram: Datagram, query: DnsQuery): void {
    const { forward } = this.options;
    const guest = datagram.source.address;
    const busy = this.underWay.get(guest) ?? 0;
    if (!forward || busy >= FORWARDS_PER_GUEST) {
      this.reply(datagram, buildDnsResponse(query, DnsResponseCode.refused));
      return;
    }
    this.underWay.set(guest, busy + 1);
    const message = Uint8Array.from(datagram.payload);
    const kept = { ...query, question: Uint8Array.from(query.question) };
    const failed = (): Uint8Array => buildDnsResponse(kept, DnsResponseCode.serverFailure);
    void forward(message)
      .then((response) => (response && this.fits(response) ? response : failed()), failed)
      .then((response) => {
        const left = (this.underWay.get(guest) ?? 1) - 1;
        if (left > 0) this.underWay.set(guest, left);
        else this.underWay.delete(guest);
        this.reply(datagram, response);
      });
  }

  private fits(response: Uint8Array): boolean {
    return response.length + UDP_HEADER_BYTES + IPV4_HEADER_BYTES <= this.gateway.mtu;
  }

  private reply({ source, sourceMac }: Datagram, response: Uint8Array): void {
    this.gateway.sendUdp(source, sourceMac, DNS_PORT, response);
  }
}
