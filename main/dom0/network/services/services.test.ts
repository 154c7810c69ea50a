import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROADCAST_MAC } from '../address/mac-address.ts';
import { parseIpv4, parseSubnet } from '../address/ipv4-address.ts';
import { ArpOperation, buildArp, readArp } from '../protocol/arp.ts';
import { DhcpOperation, DhcpType, buildDhcp, readDhcp } from '../protocol/dhcp.ts';
import type { DhcpMessage } from '../protocol/dhcp.ts';
import { DnsType, buildDnsQuery } from '../protocol/dns.ts';
import { readEthernet, viewOf } from '../protocol/ethernet.ts';
import { buildEcho, readIcmp } from '../protocol/icmp.ts';
import { isHeaderIntact, readIpv4, writeTtl } from '../protocol/ipv4.ts';
import { TcpFlag, isTcpIntact, startTcp } from '../protocol/tcp.ts';
import { buildUdp, readUdp } from '../protocol/udp.ts';
import { frames } from '../testing/arbitraries.ts';
import { dissect } from '../testing/tcpdump.ts';
import { TestNetwork } from '../testing/test-network.ts';
import type { TestPort } from '../testing/test-network.ts';
import { Assignments } from './assignments.ts';
import type { Assignment } from './assignments.ts';
import { DhcpService } from './dhcp.ts';
import { DnsService } from './dns.ts';
import type { DnsForward } from './dns.ts';
import { FULL_ABILITY } from '../offload/offload.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';

const MAC = 0x00163e00000a;
const GATEWAY_MAC = 0x00163efffff0;
const ip = (text: string): number => parseIpv4(text) ?? NaN;

function site(
  options: {
    third?: number;
    leases?: Assignment[];
    forward?: DnsForward;
    mtu?: number;
  } = {},
) {
  const prefix = `10.0.${options.third ?? 0}`;
  const subnet = parseSubnet(`${prefix}.0/24`);
  if (!subnet) throw new Error('unreachable');
  const net = new TestNetwork({ mtu: options.mtu ?? 1500 });
  const leases = new Assignments(options.leases ?? []);
  const address = ip(`${prefix}.1`);
  const gateway: Gateway = new Gateway({
    mac: GATEWAY_MAC,
    address,
    subnet,
    mtu: net.network.mtu,
    now: () => net.nowMs,
    send: (frame, offload) => port.receive(frame, offload),
    leased: (of) => leases.ofAddress(of)?.mac ?? null,
  });
  const port = net.network.attach({
    id: 'gateway',
    kind: 'service',
    mac: GATEWAY_MAC,
    ability: FULL_ABILITY,
    deliver: (frame, offload) => gateway.receive(frame, offload),
  });
  const dhcp = new DhcpService(gateway, {
    assignments: leases,
    leaseSeconds: 3600,
    router: address,
    nameServer: address,
    domain: 'domus.internal',
  });
  new DnsService(gateway, {
    zone: 'domus.internal',
    names: {
      addressesOf: (name) => leases.ofName(name).map((found) => found.address),
      nameOf: (of) => leases.ofAddress(of)?.name ?? null,
    },
    forward: options.forward ?? null,
  });
  return { net, gateway, port, leases, dhcp };
}

function client(mac: number, type: number, more: Partial<DhcpMessage> = {}): Uint8Array {
  const message: DhcpMessage = {
    operation: DhcpOperation.request,
    type,
    transaction: 0x1234,
    wantsBroadcast: false,
    clientAddress: 0,
    yourAddress: 0,
    clientMac: mac,
    requestedAddress: null,
    server: null,
    ...more,
  };
  const source = message.clientAddress;
  const route = { sourceMac: mac, destinationMac: BROADCAST_MAC, source, destination: 0xffff_ffff };
  return buildUdp(route, 68, 67, buildDhcp(message, []));
}

function onlyDhcp(port: TestPort): DhcpMessage | null {
  const got = port.take();
  expect(got.length).toBeLessThanOrEqual(1);
  const [frame] = got;
  return frame ? readDhcp(payloadOf(frame)) : null;
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const view = viewOf(frame);
  const header = readIpv4(view);
  const udp = header && readUdp(view, header);
  if (!udp) throw new Error('no UDP frame');
  return frame.subarray(udp.payloadAt, udp.payloadEnd);
}

describe('DHCP', () => {
  it('leads a guest from nothing to an address that it may use, as tcpdump reads it', () => {
    const { net } = site({ leases: [WEB] });
    const guest = net.guest(MAC, 0, { rules: {} });
    guest.send(client(MAC, DhcpType.discover));
    const offer = onlyDhcp(guest);
    expect(offer).toMatchObject({ type: DhcpType.offer, server: ip('10.0.0.1'), clientMac: MAC });
    const requestedAddress = offer?.yourAddress ?? 0;
    expect(guest.port.addresses.size).toBe(0);
    guest.send(client(MAC, DhcpType.request, { requestedAddress, server: ip('10.0.0.1') }));
    const text = dissect(guest.delivered.map(({ frame }) => frame));
    expect(onlyDhcp(guest)).toMatchObject({ type: DhcpType.ack, yourAddress: requestedAddress });
    expect([...guest.port.addresses]).toEqual([requestedAddress]);
    for (const line of [
      'DHCP-Message (53), length 1: ACK',
      'Subnet-Mask (1), length 4: 255.255.255.0',
      'Default-Gateway (3), length 4: 10.0.0.1',
      'Domain-Name-Server (6), length 4: 10.0.0.1',
      'MTU (26), length 2: 1500',
      'Lease-Time (51), length 4: 3600',
      'BR (28), length 4: 10.0.0.255',
      'Domain-Name (15), length 14: "domus.internal"',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toMatch(/\b(bad|incorrect|truncated)\b/);
  });

  it('gives an assigned address and its name, and refuses another', () => {
    const { net } = site({ leases: [WEB] });
    const guest = net.guest(MAC, 0, { rules: {} });
    guest.send(client(MAC, DhcpType.request, { requestedAddress: ip('10.0.0.8') }));
    expect(onlyDhcp(guest)).toMatchObject({ type: DhcpType.nak, yourAddress: 0 });
    guest.send(client(MAC, DhcpType.request, { requestedAddress: ip('10.0.0.7') }));
    const text = dissect(guest.delivered.map(({ frame }) => frame));
    expect(onlyDhcp(guest)).toMatchObject({ type: DhcpType.ack, yourAddress: WEB.address });
    expect(text).toContain('Hostname (12), length 4: "web1"');
    guest.send(client(MAC, DhcpType.request, { clientAddress: WEB.address }));
    expect(onlyDhcp(guest)).toMatchObject({ type: DhcpType.ack, clientAddress: WEB.address });
    guest.send(client(MAC, DhcpType.request, { server: ip('10.0.0.9') }));
    guest.send(client(MAC, DhcpType.release, { clientAddress: WEB.address }));
    expect(guest.take()).toEqual([]);
  });

  it('has nothing for an interface that no address is assigned to', () => {
    const { net, dhcp, leases } = site({ leases: [WEB] });
    expect(leases.replace([{ ...WEB, mac: MAC + 1 }])).toEqual([WEB.address]);
    const guest = net.guest(MAC, 0, { rules: {} });
    guest.send(client(MAC, DhcpType.discover));
    guest.send(client(MAC, DhcpType.request, { requestedAddress: WEB.address }));
    expect(guest.take()).toEqual([]);
    expect(dhcp.unknown).toBe(2);
  });

  it('does not take requests that a guest makes for others', () => {
    const { net, dhcp } = site();
    const guest = net.guest(MAC, 0, { rules: {} });
    for (let other = 1; other < 50; other++) {
      const frame = client(MAC + other, DhcpType.discover);
      viewOf(frame).setUint32(8, MAC % 0x1_0000_0000);
      guest.send(frame);
    }
    expect([dhcp.refused, dhcp.unknown]).toEqual([49, 0]);
  });
});

const WEB = { mac: MAC, address: ip('10.0.0.7'), name: 'web1' };

function ask(port: TestPort, name: string, type: number = DnsType.a): string {
  const route = {
    sourceMac: MAC,
    destinationMac: GATEWAY_MAC,
    source: WEB.address,
    destination: ip('10.0.0.1'),
  };
  port.send(buildUdp(route, 5353, 53, buildDnsQuery(77, name, type)));
  return dissect(port.take());
}

describe('DNS', () => {
  it('knows domains by name, with the zone and without, and their addresses', () => {
    const { net } = site({ leases: [WEB] });
    const guest = net.guest(MAC, WEB.address);
    for (const name of ['web1', 'WEB1.Domus.Internal']) {
      expect(ask(guest, name)).toMatch(/77\*[^\n]* 1\/0\/0 .* A 10\.0\.0\.7/);
    }
    expect(ask(guest, '7.0.0.10.in-addr.arpa', DnsType.ptr)).toContain('PTR web1.domus.internal.');
    expect(ask(guest, 'web1', 28)).toMatch(/77\*[^\n]* 0\/0\/0/);
    for (const name of ['web2', 'web2.domus.internal', 'a.web1.domus.internal']) {
      expect(ask(guest, name)).toContain('NXDomain*');
    }
    expect(ask(guest, '8.0.0.10.in-addr.arpa', DnsType.ptr)).toContain('NXDomain*');
    for (const name of ['example.org', '8.8.8.8.in-addr.arpa']) {
      expect(ask(guest, name)).toContain('Refused');
    }
  });

  it('asks outside where it may, and says when there is no answer', async () => {
    const asked: Uint8Array[] = [];
    const answers = [Uint8Array.of(0, 77, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0), null];
    const { net } = site({
      leases: [WEB],
      forward: (query) => {
        asked.push(query);
        return Promise.resolve(answers.shift() ?? null);
      },
    });
    const guest = net.guest(MAC, WEB.address);
    expect(ask(guest, 'example.org')).toBe('');
    await new Promise(setImmediate);
    expect(payloadOf(guest.take()[0] ?? new Uint8Array(0))[3]).toBe(0x80);
    ask(guest, 'example.org');
    await new Promise(setImmediate);
    expect(dissect(guest.take())).toContain('ServFail');
    expect(asked).toHaveLength(2);
    expect(asked[0]).toEqual(buildDnsQuery(77, 'example.org', DnsType.a));
  });

  it('lets one guest have only so many questions under way', () => {
    const { net } = site({ leases: [WEB], forward: () => new Promise(() => undefined) });
    const guest = net.guest(MAC, WEB.address);
    for (let count = 0; count < 32; count++) expect(ask(guest, 'example.org')).toBe('');
    expect(ask(guest, 'example.org')).toContain('Refused');
  });
});

describe('a gateway', () => {
  const toGateway = {
    sourceMac: MAC,
    destinationMac: GATEWAY_MAC,
    source: WEB.address,
    destination: ip('10.0.0.1'),
  };

  it('answers ARP and echoes for its address, and refuses what it does not carry', () => {
    const { net } = site();
    const guest = net.guest(MAC, WEB.address);
    const request = {
      operation: ArpOperation.request,
      senderMac: MAC,
      senderAddress: WEB.address,
      targetMac: 0,
      targetAddress: ip('10.0.0.1'),
    };
    guest.send(buildArp(request, BROADCAST_MAC));
    const [reply] = guest.take();
    expect(reply && readArp(viewOf(reply))).toMatchObject({
      operation: ArpOperation.reply,
      senderMac: GATEWAY_MAC,
      targetMac: MAC,
    });
    guest.send(buildArp({ ...request, targetAddress: ip('10.0.0.2') }, BROADCAST_MAC));
    expect(guest.take()).toEqual([]);
    guest.send(buildEcho(toGateway, 'echoRequest', 0x00050006, Uint8Array.of(1, 2, 3)));
    expect(dissect(guest.take())).toMatch(
      /10\.0\.0\.1 > 10\.0\.0\.7: ICMP echo reply, id 5, seq 6/,
    );
    guest.send(buildUdp(toGateway, 1, 2, Uint8Array.of(1)));
    expect(dissect(guest.take())).toContain('10.0.0.1 udp port 2 unreachable');
    const away = { ...toGateway, destination: ip('8.8.8.8') };
    guest.send(buildUdp(away, 1, 2, Uint8Array.of(1)));
    expect(dissect(guest.take())).toContain('host 8.8.8.8 unreachable - admin prohibited');
  });

  it('keeps its place, whatever MAC address comes from an uplink', () => {
    const { net } = site();
    const guest = net.guest(MAC, WEB.address);
    const uplink = net.uplink('east');
    const frame = buildEcho(toGateway, 'echoRequest', 1, new Uint8Array(4));
    uplink.send(
      buildUdp({ ...toGateway, sourceMac: GATEWAY_MAC, destinationMac: MAC }, 1, 2, frame),
    );
    guest.take();
    guest.send(frame);
    expect(guest.take()).toHaveLength(1);
  });

  it('survives any bytes', () => {
    const { gateway } = site();
    fc.assert(
      fc.property(frames, fc.boolean(), (frame, checksumPartial) => {
        if (frame.length >= 34) {
          const view = viewOf(frame);
          view.setUint16(0, 0x0016);
          view.setUint32(2, 0x3efffff0);
          const header = readIpv4(view);
          if (header) writeTtl(view, header, 9);
        }
        expect(gateway.receive(frame, { checksumPartial, segmentBytes: 0 })).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('asks for a MAC address that it does not know, and keeps what waits for it', () => {
    const { net, gateway } = site();
    const guest = net.guest(MAC, WEB.address);
    const frame = buildUdp({ ...toGateway, destination: WEB.address }, 1, 2, Uint8Array.of(9));
    for (let count = 0; count < 20; count++) {
      gateway.transmit(Uint8Array.from(frame), WEB.address);
    }
    const asked = guest.take();
    expect(asked).toHaveLength(1);
    const question = asked[0] && readArp(viewOf(asked[0]));
    expect(question).toMatchObject({ operation: ArpOperation.request, targetAddress: WEB.address });
    const answer = {
      operation: ArpOperation.reply,
      senderMac: MAC,
      senderAddress: WEB.address,
      targetMac: GATEWAY_MAC,
      targetAddress: ip('10.0.0.1'),
    };
    guest.send(buildArp(answer, GATEWAY_MAC));
    expect(guest.take()).toHaveLength(16);
    gateway.transmit(Uint8Array.from(frame), WEB.address);
    expect(guest.take()).toHaveLength(1);
  });
});

describe('a router', () => {
  const OTHER = { mac: 0x00163e00000b, address: ip('10.0.1.9'), name: 'web2' };

  function two(mtu = 1500) {
    const near = site({ leases: [WEB] });
    const far = site({ third: 1, leases: [OTHER], mtu });
    const router = new Router();
    router.join(near.gateway);
    router.join(far.gateway);
    const ability = FULL_ABILITY;
    return {
      router,
      near,
      far,
      guest: near.net.guest(WEB.mac, WEB.address, { ability }),
      other: far.net.guest(OTHER.mac, OTHER.address),
    };
  }

  const route = {
    sourceMac: WEB.mac,
    destinationMac: GATEWAY_MAC,
    source: WEB.address,
    destination: OTHER.address,
  };

  it('carries datagrams from one network to another, one hop older', () => {
    const { guest, other, router, far } = two();
    guest.send(buildUdp(route, 1, 2, Uint8Array.of(7)));
    const [got] = other.take();
    if (!got) throw new Error('nothing came');
    const view = viewOf(got);
    const header = readIpv4(view);
    expect(readEthernet(view)).toMatchObject({ source: GATEWAY_MAC, destination: OTHER.mac });
    expect(header).toMatchObject({ ttl: 63, source: WEB.address, destination: OTHER.address });
    expect(header && isHeaderIntact(view, header)).toBe(true);
    expect(payloadOf(got)).toEqual(Uint8Array.of(7));
    const old = buildUdp(route, 1, 2, Uint8Array.of(7));
    const oldHeader = readIpv4(viewOf(old));
    if (oldHeader) writeTtl(viewOf(old), oldHeader, 1);
    guest.send(old);
    expect(dissect(guest.take())).toContain('ICMP time exceeded in-transit');
    guest.send(buildUdp({ ...route, destination: ip('10.0.1.255') }, 1, 2, Uint8Array.of(7)));
    router.leave(far.gateway);
    guest.send(buildUdp(route, 1, 2, Uint8Array.of(7)));
    expect(other.take()).toEqual([]);
  });

  it('leaves super-frames whole until they must be cut, and says what is too large', () => {
    const { guest, other } = two(1400);
    const header = {
      sourcePort: 1,
      destinationPort: 2,
      sequence: 1,
      acknowledgment: 1,
      flags: TcpFlag.ack,
      window: 1,
      mss: null,
      windowShift: null,
    };
    const frame = startTcp(route, header, 20_000).finishPartial();
    guest.send(frame, { checksumPartial: true, segmentBytes: 1360 });
    const got = other.take();
    expect(got).toHaveLength(15);
    for (const segment of got) {
      const view = viewOf(segment);
      const read = readIpv4(view);
      expect(read && isTcpIntact(view, read)).toBe(true);
    }
    guest.send(frame, { checksumPartial: true, segmentBytes: 1460 });
    expect(other.take()).toEqual([]);
    const [error] = guest.take();
    const view = viewOf(error ?? new Uint8Array(0));
    const read = readIpv4(view);
    expect(read && readIcmp(view, read)).toMatchObject({ type: 3, code: 4, rest: 1400 });
  });
});
