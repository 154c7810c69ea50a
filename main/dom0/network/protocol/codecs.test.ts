import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROADCAST_MAC, formatMac, parseMac } from '../address/mac-address.ts';
import { formatIpv4, parseIpv4, parseSubnet } from '../address/ipv4-address.ts';
import { dissect } from '../testing/tcpdump.ts';
import { frames } from '../testing/arbitraries.ts';
import { ArpOperation, buildArp, readArp } from './arp.ts';
import { DhcpOperation, DhcpType, buildDhcp, readDhcp, textOption, wordOption } from './dhcp.ts';
import { DnsType, buildDnsQuery, buildDnsResponse, encodeName, readDnsQuery } from './dns.ts';
import type { Route } from './endpoints.ts';
import { readEthernet, viewOf } from './ethernet.ts';
import { UnreachableCode, buildEcho, buildIcmpError, readIcmp } from './icmp.ts';
import { isHeaderIntact, readIpv4 } from './ipv4.ts';
import { TcpFlag, buildTcp, isTcpIntact, readTcp } from './tcp.ts';
import { buildUdp, isUdpIntact, readUdp } from './udp.ts';

const route: Route = {
  sourceMac: 0x00163e000001,
  destinationMac: 0x00163e000002,
  source: 0x0a000001,
  destination: 0x0a000002,
};
const bytes = fc.uint8Array({ maxLength: 1400, size: 'max' });
const word = fc.nat(0xffff_ffff);
const short = fc.nat(0xffff);
const syn = {
  sourcePort: 40000,
  destinationPort: 80,
  sequence: 0xffff_fff0,
  acknowledgment: 0,
  flags: TcpFlag.syn,
  window: 65535,
  mss: 1460,
  windowShift: 7,
};

function ipOf(frame: Uint8Array) {
  const view = viewOf(frame);
  const ip = readIpv4(view);
  expect(ip).not.toBeNull();
  if (!ip) throw new Error('unreachable');
  expect(isHeaderIntact(view, ip)).toBe(true);
  return { view, ip };
}

describe('addresses', () => {
  it('are read as they are written', () => {
    fc.assert(fc.property(word, (address) => parseIpv4(formatIpv4(address)) === address));
    fc.assert(
      fc.property(fc.nat(BROADCAST_MAC), (address) => parseMac(formatMac(address)) === address),
    );
  });

  it('are refused when they are something else', () => {
    for (const text of ['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '', '0x1.2.3.4']) {
      expect(parseIpv4(text)).toBeNull();
    }
    for (const text of ['10.0.0.1/24', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/24/1']) {
      expect(parseSubnet(text)).toBeNull();
    }
    for (const text of ['00:16:3e:00:00', '00-16-3e-00-00-00', '00:16:3e:00:00:0g']) {
      expect(parseMac(text)).toBeNull();
    }
  });
});

describe('readers', () => {
  it('never read outside of what they were given, whatever it is', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        // A DataView throws at its bounds: none of these may.
        const view = viewOf(frame);
        readEthernet(view);
        readArp(view);
        readDhcp(frame);
        readDnsQuery(frame);
        const ip = readIpv4(view);
        if (!ip) return;
        isHeaderIntact(view, ip);
        readIcmp(view, ip);
        const udp = readUdp(view, ip);
        if (udp) {
          isUdpIntact(view, ip, udp);
          readDhcp(frame.subarray(udp.payloadAt, udp.payloadEnd));
          readDnsQuery(frame.subarray(udp.payloadAt, udp.payloadEnd));
        }
        if (readTcp(view, ip)) isTcpIntact(view, ip);
      }),
      { numRuns: 3000 },
    );
  });

  it('give back what builders wrote', () => {
    fc.assert(
      fc.property(bytes, short, short, word, word, (payload, from, to, seq, ack) => {
        const udpFrame = buildUdp(route, from, to, payload);
        const { view, ip } = ipOf(udpFrame);
        const udp = readUdp(view, ip);
        expect(udp).toMatchObject({ sourcePort: from, destinationPort: to });
        expect(udp && isUdpIntact(view, ip, udp)).toBe(true);
        expect(udp && udpFrame.subarray(udp.payloadAt, udp.payloadEnd)).toEqual(payload);

        const header = { ...syn, sequence: seq, acknowledgment: ack };
        const tcpFrame = buildTcp(route, header, payload);
        const read = ipOf(tcpFrame);
        const tcp = readTcp(read.view, read.ip);
        expect(tcp).toMatchObject(header);
        expect(isTcpIntact(read.view, read.ip)).toBe(true);
        expect(tcp && tcpFrame.subarray(tcp.payloadAt, tcp.payloadEnd)).toEqual(payload);
      }),
    );
  });

  it('see a flipped bit', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), (payload, position, bit) => {
        const frame = buildTcp(route, syn, payload);
        const at = 34 + (position % (frame.length - 34));
        const read = ipOf(frame);
        frame[at] = (frame[at] ?? 0) ^ (1 << bit);
        expect(isTcpIntact(read.view, read.ip)).toBe(false);
      }),
    );
  });

  it('refuse a TCP option that runs out of its header', () => {
    const frame = buildTcp(route, syn);
    frame[14 + 20 + 20 + 1] = 30;
    const { view, ip } = ipOf(frame);
    expect(readTcp(view, ip)).toBeNull();
  });

  it('refuse names with pointers, which could loop', () => {
    const query = buildDnsQuery(7, 'a.b', DnsType.a);
    query[12] = 0xc0;
    query[13] = 12;
    expect(readDnsQuery(query)).toBe(1);
  });
});

describe('DHCP and DNS', () => {
  it('carry their fields', () => {
    const message = {
      operation: DhcpOperation.reply,
      type: DhcpType.ack,
      transaction: 0xdeadbeef,
      wantsBroadcast: true,
      clientAddress: 0,
      yourAddress: route.destination,
      clientMac: route.destinationMac,
      requestedAddress: null,
      server: route.source,
    };
    const options = [wordOption(51, 3600), textOption(12, 'web1')];
    expect(readDhcp(buildDhcp(message, options))).toEqual(message);
    const query = buildDnsQuery(7, 'Web1.Domus.internal', 28);
    expect(readDnsQuery(query)).toMatchObject({ id: 7, name: 'web1.domus.internal', type: 28 });
  });

  it('refuse names that no message can carry', () => {
    expect(() => encodeName('a..b')).toThrow(RangeError);
    expect(() => encodeName('x'.repeat(64))).toThrow(RangeError);
    expect(() => encodeName('abc.'.repeat(80))).toThrow(RangeError);
  });
});

describe('tcpdump', () => {
  it('finds our frames and their checksums right', () => {
    const payload = new TextEncoder().encode('odd length!');
    const query = readDnsQuery(buildDnsQuery(9, 'web1.domus.internal', DnsType.a));
    if (query === null || typeof query === 'number') throw new Error('unreachable');
    const answer = buildDnsResponse(query, 0, [{ kind: 'a', address: route.source }], 60);
    const udp = buildUdp(route, 5000, 6000, payload);
    const offending = readIpv4(viewOf(udp));
    if (!offending) throw new Error('unreachable');
    const ack = {
      operation: DhcpOperation.reply,
      type: DhcpType.ack,
      transaction: 1,
      wantsBroadcast: false,
      clientAddress: 0,
      yourAddress: route.destination,
      clientMac: route.destinationMac,
      requestedAddress: null,
      server: route.source,
    };
    const text = dissect([
      buildTcp(route, syn),
      buildTcp(route, { ...syn, flags: TcpFlag.ack, mss: null, windowShift: null }, payload),
      udp,
      buildUdp(route, 53, 6000, answer),
      buildEcho(route, 'echoRequest', 0x00010002, payload),
      buildIcmpError(route, 'unreachable', UnreachableCode.port, udp, offending),
      buildUdp(route, 67, 68, buildDhcp(ack, [wordOption(51, 3600), textOption(12, 'web1')])),
      buildArp(
        {
          operation: ArpOperation.request,
          senderMac: route.sourceMac,
          senderAddress: route.source,
          targetMac: 0,
          targetAddress: route.destination,
        },
        BROADCAST_MAC,
      ),
    ]);
    expect(text).not.toMatch(/\b(bad|incorrect|wrong|truncated|invalid)\b/i);
    expect(text.match(/cksum 0x[0-9a-f]+ \(correct\)/g)).toHaveLength(2);
    expect(text.match(/udp sum ok/g)).toHaveLength(3);
    expect(text).toContain('mss 1460,nop,wscale 7');
    expect(text).toContain('web1.domus.internal. A 10.0.0.1');
    expect(text).toContain('ICMP echo request, id 1, seq 2');
    expect(text).toContain('ICMP 10.0.0.2 udp port 6000 unreachable');
    expect(text).toContain('Lease-Time (51), length 4: 3600');
    expect(text).toContain('Hostname (12), length 4: "web1"');
    expect(text).toContain('who-has 10.0.0.2 tell 10.0.0.1');
  });
});
