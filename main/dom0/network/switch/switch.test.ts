import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROADCAST_MAC, writeMac } from '../address/mac-address.ts';
import { parseSubnet } from '../address/ipv4-address.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import { ArpOperation, buildArp, buildGratuitousArp } from '../protocol/arp.ts';
import { DhcpOperation, DhcpType, buildDhcp } from '../protocol/dhcp.ts';
import { viewOf } from '../protocol/ethernet.ts';
import { readIpv4, refreshHeaderChecksum } from '../protocol/ipv4.ts';
import { TcpFlag, buildTcp, isTcpIntact, startTcp } from '../protocol/tcp.ts';
import { buildUdp } from '../protocol/udp.ts';
import { frames } from '../testing/arbitraries.ts';
import { TestNetwork } from '../testing/test-network.ts';
import type { TestPort } from '../testing/test-network.ts';

const A = { mac: 0x00163e00000a, address: 0x0a00000a };
const B = { mac: 0x00163e00000b, address: 0x0a00000b };
const C = { mac: 0x00163e00000c, address: 0x0a00000c };
const payload = Uint8Array.of(1, 2, 3);
type Station = typeof A;

function udp(from: Station, to: Station, port = 5000): Uint8Array {
  const route = {
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
  };
  return buildUdp(route, 1234, port, payload);
}

function dhcp(from: Station, to: Station, type: number, your: Station): Uint8Array {
  const message = {
    operation: DhcpOperation.reply,
    type,
    transaction: 1,
    wantsBroadcast: true,
    clientAddress: 0,
    yourAddress: your.address,
    clientMac: your.mac,
    requestedAddress: null,
    server: from.address,
  };
  const route = {
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
  };
  return buildUdp(route, 67, 68, buildDhcp(message, []));
}

const everybody: Station = { mac: BROADCAST_MAC, address: 0xffff_ffff };

describe('a switch', () => {
  it('delivers a frame to its receiver alone, unchanged', () => {
    const net = new TestNetwork();
    const [a, b, c] = [A, B, C].map(({ mac, address }) => net.guest(mac, address)) as [
      TestPort,
      TestPort,
      TestPort,
    ];
    const frame = udp(A, B);
    a.send(frame);
    expect(b.take()).toEqual([frame]);
    expect(c.take()).toEqual([]);
    expect(a.port.counters).toMatchObject({ sentFrames: 1, sentBytes: frame.length });
    expect(b.port.counters).toMatchObject({ receivedFrames: 1, receivedBytes: frame.length });
  });

  it('never forwards between uplinks, nor back to where a frame came from', () => {
    const net = new TestNetwork();
    const a = net.guest(A.mac, A.address);
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    east.send(udp(B, everybody));
    expect(a.take()).toHaveLength(1);
    expect(west.take()).toEqual([]);
    expect(east.take()).toEqual([]);
    west.send(udp(C, B));
    expect([...east.take(), ...west.take(), ...a.take()]).toEqual([]);
    a.send(udp(A, B));
    expect(east.take()).toHaveLength(1);
    expect(west.take()).toEqual([]);
    a.send(udp(A, A));
    expect(a.take()).toEqual([]);
  });

  it('sends what nobody has been heard of to the other hosts, not to guests', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const east = net.uplink('east');
    a.send(udp(A, C));
    expect(east.take()).toHaveLength(1);
    expect(b.take()).toEqual([]);
  });

  it('follows a MAC that moved to another host and back, at once', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const east = net.uplink('east');
    east.send(buildGratuitousArp(B.mac, B.address));
    expect(a.take()).toHaveLength(1);
    b.take();
    a.send(udp(A, B));
    expect(east.take()).toHaveLength(1);
    expect(b.take()).toEqual([]);
    net.network.announce(b.port);
    expect(east.take()).toHaveLength(1);
    a.send(udp(A, B));
    expect(b.take()).toHaveLength(1);
    net.network.detach(b.port);
    east.send(udp(B, A));
    a.send(udp(A, B));
    expect(east.take()).toHaveLength(1);
  });

  it('sends after a guest what lay at its port when it moved, and only there', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    east.send(buildGratuitousArp(B.mac, B.address));
    for (const each of [a, b, west]) each.take();
    net.network.detach(b.port);
    net.network.redirect(b.port, udp(A, B), NO_OFFLOAD);
    expect(east.take()).toHaveLength(1);
    // Nobody has heard of it since, it is for all, or it is for one who is here himself.
    net.network.redirect(b.port, udp(A, C), NO_OFFLOAD);
    net.network.redirect(b.port, buildGratuitousArp(C.mac, C.address), NO_OFFLOAD);
    net.network.redirect(b.port, udp(B, A), NO_OFFLOAD);
    expect([a, east, west].map((each) => each.take().length)).toEqual([0, 0, 0]);
  });

  it('forwards for a while to a guest that departed, also between uplinks', () => {
    const net = new TestNetwork();
    const b = net.guest(B.mac, B.address);
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    // The guest is announced elsewhere while it is here yet: what comes lies at its port.
    east.send(buildGratuitousArp(B.mac, B.address));
    b.take();
    west.send(udp(A, B));
    expect([east, b].map((each) => each.take().length)).toEqual([0, 1]);
    net.network.depart(b.port, east.port);
    west.send(udp(A, B));
    net.network.redirect(b.port, udp(A, B), NO_OFFLOAD);
    expect(east.take()).toHaveLength(2);
    // Also back: it was on its way here when the guest came there. What is for others goes nowhere.
    east.send(udp(A, B));
    west.send(udp(A, C));
    expect([east, west].map((each) => each.take().length)).toEqual([1, 0]);
    net.nowMs += 5001;
    west.send(udp(A, B));
    expect(east.take()).toEqual([]);
  });

  it('sends questions for a departed guest’s addresses after it, to it alone', () => {
    const net = new TestNetwork();
    const b = net.guest(B.mac, B.address);
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    const ask = (address: number): Uint8Array =>
      buildArp(
        {
          operation: ArpOperation.request,
          senderMac: A.mac,
          senderAddress: A.address,
          targetMac: 0,
          targetAddress: address,
        },
        BROADCAST_MAC,
      );
    net.network.depart(b.port, east.port);
    for (const address of [B.address, C.address]) {
      net.network.redirect(b.port, ask(address), NO_OFFLOAD);
    }
    const asked = ask(B.address);
    writeMac(viewOf(asked), 0, B.mac);
    expect([east.take(), west.take()]).toEqual([[asked], []]);
  });

  it('forwards what its own guests send to one that departed, and nothing once that is back', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    net.network.depart(b.port, east.port);
    a.send(udp(A, B));
    expect([east, west].map((each) => each.take().length)).toEqual([1, 0]);
    // Back, but not plugged in: else a frame for it goes to and fro between two hosts.
    net.network.arrived(B.mac);
    east.send(udp(C, B));
    expect([east, west].map((each) => each.take().length)).toEqual([0, 0]);
  });

  it('does not look for a sender where its frames were forwarded from', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    west.send(udp(C, B));
    // The guest came from the east, where they were still sent to; they come from there.
    east.send(udp(A, B), NO_OFFLOAD, true);
    east.send(udp(C, B), NO_OFFLOAD, true);
    expect(b.take()).toHaveLength(3);
    b.send(udp(B, A));
    b.send(udp(B, C));
    expect([a, east, west].map((each) => each.take().length)).toEqual([1, 0, 1]);
  });

  it('says of a frame that it is forwarded, and of no other', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    west.send(udp(C, A), NO_OFFLOAD, true);
    b.send(udp(B, C));
    net.network.depart(b.port, east.port);
    west.send(udp(C, B));
    net.network.redirect(b.port, udp(A, B), NO_OFFLOAD);
    const said = [a, west, east].map((port) => port.delivered.map((each) => each.isForwarded));
    // Nobody has heard C where it is: what B sends it goes everywhere.
    expect(said).toEqual([[false], [false], [false, true, true]]);
  });

  it('forwards nothing to a guest that came back, or over a wire that is gone', () => {
    const net = new TestNetwork();
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    net.network.depart(net.guest(B.mac, B.address).port, east.port);
    const back = net.guest(B.mac, B.address);
    west.send(udp(A, B));
    expect([east, back].map((each) => each.take().length)).toEqual([0, 1]);
    net.network.depart(back.port, east.port);
    net.network.detach(east.port);
    west.send(udp(A, B));
    net.network.redirect(back.port, udp(A, B), NO_OFFLOAD);
    expect([east, west].map((each) => each.take().length)).toEqual([0, 0]);
  });

  it('forgets what it has not heard for long, and knows a bounded number', () => {
    const net = new TestNetwork({ macEntries: 16 });
    const a = net.guest(A.mac, A.address);
    const [east, west] = [net.uplink('east'), net.uplink('west')];
    east.send(udp(B, A));
    a.send(udp(A, B));
    expect(west.take()).toEqual([]);
    net.nowMs += 300_001;
    a.send(udp(A, B));
    expect(west.take()).toHaveLength(1);
    for (let mac = 1; mac < 1000; mac++) east.send(udp({ mac: mac * 2, address: mac }, A));
    a.take();
    west.send(udp(B, A));
    expect(a.take()).toHaveLength(1);
  });

  it('takes no second port of the same name or MAC address', () => {
    const net = new TestNetwork();
    net.guest(A.mac, A.address, { id: 'one' });
    expect(() => net.guest(B.mac, B.address, { id: 'one' })).toThrow('already');
    expect(() => net.guest(A.mac, B.address, { id: 'two' })).toThrow('port one');
    expect(() => net.guest(BROADCAST_MAC, B.address, { id: 'two' })).toThrow('group');
  });

  it('carries nothing over a link that is down', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    b.port.linkUp = false;
    a.send(udp(A, B));
    b.send(udp(B, A));
    expect([...a.take(), ...b.take()]).toEqual([]);
    expect(b.port.counters.sendDrops['link-down']).toBe(1);
    expect(b.port.counters.receiveDrops['link-down']).toBe(1);
  });

  it('survives any bytes, and delivers none of them to another network', () => {
    const [one, two] = [new TestNetwork(), new TestNetwork()];
    const sender = one.guest(A.mac, A.address);
    const near = one.uplink('near');
    const others = [two.guest(A.mac, A.address), two.guest(B.mac, B.address), two.uplink('far')];
    const strange = fc.record({
      checksumPartial: fc.boolean(),
      segmentBytes: fc.constantFrom(0, 0, 1, 64, 1460, 65_535, -1, Number.NaN),
    });
    const offloads = fc.oneof(fc.constant(NO_OFFLOAD), strange);
    fc.assert(
      fc.property(frames, offloads, fc.boolean(), (frame, offload, isOwn) => {
        one.nowMs += 1000;
        if (isOwn && frame.length >= 30) {
          const view = viewOf(frame);
          view.setUint16(6, 0x0016);
          view.setUint32(8, 0x3e00000a);
          view.setUint32(26, A.address);
        }
        const { counters } = sender.port;
        const before = counters.sentFrames + sum(counters.sendDrops);
        sender.send(frame, offload);
        near.send(frame, offload);
        expect(counters.sentFrames + sum(counters.sendDrops)).toBe(before + 1);
        expect(sender.take().every((got) => !Buffer.from(got).equals(frame) || isGroup(got))).toBe(
          true,
        );
        near.take();
      }),
      { numRuns: 2000 },
    );
    for (const other of others) expect(other.delivered).toEqual([]);
    expect(sender.port.counters.sentFrames).toBeGreaterThan(20);
  });

  it('reflects nothing and keeps networks apart, whoever sends to whom', () => {
    const macs = [A.mac, B.mac, C.mac, 0x00163e0000dd];
    const step = fc.record({
      network: fc.nat(1),
      sender: fc.nat(4),
      source: fc.constantFrom(...macs),
      destination: fc.constantFrom(...macs, BROADCAST_MAC, 0x0100_5e00_0001),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const sites = [new TestNetwork(), new TestNetwork()].map((net) => [
          net.guest(A.mac, A.address),
          net.guest(B.mac, B.address),
          net.guest(C.mac, C.address),
          net.uplink('east'),
          net.uplink('west'),
        ]);
        for (const { network, sender, source, destination } of steps) {
          const from = sites[network]?.[sender];
          const address = [A, B, C].find(({ mac }) => mac === source)?.address ?? 0x0a0000dd;
          from?.send(udp({ mac: source, address }, { mac: destination, address: B.address }));
          const isUplink = sender >= 3;
          const honest = isUplink || source === macs[sender];
          sites.forEach((ports, site) =>
            ports.forEach((port, index) => {
              const got = port.take();
              if (site !== network || index === sender || !honest) expect(got).toEqual([]);
              if (isUplink && index >= 3) expect(got).toEqual([]);
              expect(got.length).toBeLessThanOrEqual(1);
              const own = index < 3 && destination !== macs[index] && destination < BROADCAST_MAC;
              if (own && destination !== 0x0100_5e00_0001) expect(got).toEqual([]);
            }),
          );
        }
      }),
    );
  });
});

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function isGroup(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & 1) === 1;
}

describe("a guest's port", () => {
  it('lets nothing pass that claims to be another', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const arp = {
      operation: ArpOperation.reply,
      senderMac: A.mac,
      senderAddress: C.address,
      targetMac: B.mac,
      targetAddress: B.address,
    };
    a.send(udp(C, B));
    a.send(udp({ ...A, address: C.address }, B));
    a.send(buildArp(arp, B.mac));
    a.send(buildArp({ ...arp, senderAddress: 0 }, B.mac));
    const lying = buildArp({ ...arp, senderAddress: A.address }, B.mac);
    viewOf(lying).setUint32(14 + 10, 0x3e00000c);
    a.send(lying);
    a.send(dhcp(A, B, DhcpType.ack, B));
    const vlan = udp(A, B);
    viewOf(vlan).setUint16(12, 0x8100);
    a.send(vlan);
    expect(b.take()).toEqual([]);
    expect(a.port.counters.sendDrops).toMatchObject({
      'spoofed-mac': 2,
      'spoofed-address': 3,
      'rogue-dhcp': 1,
      protocol: 1,
    });
    a.send(buildArp({ ...arp, senderAddress: A.address }, B.mac));
    expect(b.take()).toHaveLength(1);
  });

  it('may send from the address that DHCP granted to it, and from no other', () => {
    const net = new TestNetwork();
    const a = net.guest(A.mac, 0, { rules: {} });
    const b = net.guest(B.mac, B.address);
    const gateway = { mac: 0x00163effffff, address: 0x0a000001 };
    const service = net.guest(gateway.mac, 0, { id: 'gateway', kind: 'service' });
    a.send(udp(A, B));
    service.send(dhcp(gateway, everybody, DhcpType.offer, A));
    service.send(dhcp(gateway, everybody, DhcpType.ack, { ...A, mac: C.mac }));
    b.send(dhcp(B, A, DhcpType.ack, A));
    a.send(udp(A, B));
    b.take();
    expect(a.port.counters.sendDrops['spoofed-address']).toBe(2);
    service.send(dhcp(gateway, everybody, DhcpType.ack, A));
    b.take();
    a.send(udp(A, B));
    expect(b.take()).toHaveLength(1);
    service.send(dhcp(gateway, everybody, DhcpType.ack, { ...A, address: C.address }));
    a.send(udp(A, B));
    expect(a.port.counters.sendDrops['spoofed-address']).toBe(3);
  });

  it('obeys the first rule that matches, in its direction', () => {
    const net = new TestNetwork();
    const remote = parseSubnet('10.0.0.11/32');
    if (!remote) throw new Error('unreachable');
    const access = {
      rules: [
        {
          action: 'allow',
          direction: 'out',
          protocol: 'udp',
          remotePorts: { first: 53, last: 53 },
        },
        { action: 'deny', direction: 'out', protocol: 'any', remote },
        { action: 'deny', direction: 'in', protocol: 'udp', localPorts: { first: 100, last: 200 } },
      ],
      otherwise: 'allow',
    } as const;
    const a = net.guest(A.mac, A.address, { rules: { addresses: [A.address], access } });
    const [b, c] = [net.guest(B.mac, B.address), net.guest(C.mac, C.address)];
    a.send(udp(A, B, 53));
    a.send(udp(A, B, 54));
    a.send(udp(A, C, 54));
    expect(b.take()).toHaveLength(1);
    expect(c.take()).toHaveLength(1);
    b.send(udp(B, A, 99));
    b.send(udp(B, A, 100));
    b.send(udp(B, A, 200));
    b.send(udp(B, A, 201));
    expect(a.take()).toHaveLength(2);
    expect(a.port.counters.sendDrops.rule).toBe(1);
    expect(a.port.counters.receiveDrops.rule).toBe(2);
  });

  it('cannot slip ports past the rules in fragments', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    const fragment = (field: number, bytes: number): Uint8Array => {
      const route = {
        sourceMac: A.mac,
        destinationMac: B.mac,
        source: A.address,
        destination: B.address,
      };
      const header = { ...syn, flags: TcpFlag.syn };
      const frame = buildTcp(route, header, new Uint8Array(100)).subarray(0, 34 + bytes);
      const view = viewOf(frame);
      view.setUint16(16, 20 + bytes);
      view.setUint16(20, field);
      refreshHeaderChecksum(view, 34);
      return frame;
    };
    a.send(fragment(0x2000, 16));
    a.send(fragment(1, 100));
    expect(b.take()).toEqual([]);
    a.send(fragment(0x2000, 24));
    a.send(fragment(3, 100));
    expect(b.take()).toHaveLength(2);
  });

  it('gets and sends no more than its rates', () => {
    const net = new TestNetwork();
    const limit = { rate: 10_000, burst: 5000 };
    const rules = { addresses: [A.address], sendLimit: limit };
    const a = net.guest(A.mac, A.address, { rules });
    const b = net.guest(B.mac, B.address, {
      rules: { addresses: [B.address], receiveLimit: { rate: 5000, burst: 2000 } },
    });
    const frame = udp(A, B);
    for (net.nowMs = 0; net.nowMs < 10_000; net.nowMs++) a.send(frame);
    const { sentBytes, sendDrops } = a.port.counters;
    expect(sentBytes).toBeGreaterThan(0.99 * (100_000 + 5000));
    expect(sentBytes).toBeLessThan(1.01 * (100_000 + 5000) + frame.length);
    expect(sendDrops.rate).toBeGreaterThan(0);
    expect(b.port.counters.receivedBytes).toBeLessThan(1.01 * (50_000 + 2000) + frame.length);
    expect(b.port.counters.receivedBytes).toBeGreaterThan(0.98 * 50_000);
    while (a.port.sendWaitMs === 0) a.send(frame);
    net.nowMs += a.port.sendWaitMs;
    a.send(frame);
    expect(a.port.sendWaitMs).toBeGreaterThan(0);
  });

  it('may broadcast only so often; its unicasts do not suffer', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    for (let count = 0; count < 5000; count++) a.send(udp(A, everybody));
    expect(b.take()).toHaveLength(1000);
    expect(a.port.counters.sendDrops.storm).toBe(4000);
    a.send(udp(A, B));
    expect(b.take()).toHaveLength(1);
  });
});

const syn = {
  sourcePort: 40000,
  destinationPort: 80,
  sequence: 1,
  acknowledgment: 0,
  flags: TcpFlag.ack,
  window: 65535,
  mss: null,
  windowShift: null,
};

describe('offloads', () => {
  const route = {
    sourceMac: A.mac,
    destinationMac: B.mac,
    source: A.address,
    destination: B.address,
  };
  const tso = { checksumPartial: true, segmentBytes: 1460 };

  it('pass through to a port that takes them, and are done for one that does not', () => {
    const net = new TestNetwork();
    const ability = { checksumPartial: true, segmentation: true };
    const a = net.guest(A.mac, A.address);
    const able = net.guest(B.mac, B.address, { ability });
    const plain = net.guest(C.mac, C.address);
    const unfinished = startTcp(route, syn, 60_000);
    unfinished.payload.fill(7);
    const frame = unfinished.finishPartial();
    a.send(frame, tso);
    expect(able.delivered.splice(0)).toEqual([{ frame, offload: tso, isForwarded: false }]);
    const other = startTcp({ ...route, destinationMac: C.mac }, syn, 60_000).finishPartial();
    const before = Uint8Array.from(other);
    a.send(other, tso);
    expect(other).toEqual(before);
    const got = plain.take();
    expect(got).toHaveLength(42);
    for (const segment of got) {
      const view = viewOf(segment);
      const ip = readIpv4(view);
      expect(ip && isTcpIntact(view, ip)).toBe(true);
      expect(segment.length).toBeLessThanOrEqual(1514);
    }
    const small = startTcp({ ...route, destinationMac: C.mac }, syn, 10).finishPartial();
    a.send(small, { checksumPartial: true, segmentBytes: 0 });
    const view = viewOf(plain.take()[0] ?? new Uint8Array(0));
    const ip = readIpv4(view);
    expect(ip && isTcpIntact(view, ip)).toBe(true);
  });

  it('that make no sense are refused, as are frames beyond the MTU', () => {
    const net = new TestNetwork();
    const [a, b] = [net.guest(A.mac, A.address), net.guest(B.mac, B.address)];
    a.send(buildTcp(route, syn, new Uint8Array(1461)));
    a.send(udp(A, B), tso);
    a.send(buildTcp(route, syn, new Uint8Array(3000)), { ...tso, segmentBytes: 1 });
    a.send(buildTcp(route, syn, new Uint8Array(3000)), { ...tso, segmentBytes: 1461 });
    a.send(buildGratuitousArp(A.mac, A.address), { checksumPartial: true, segmentBytes: 0 });
    expect(b.take()).toEqual([]);
    expect(a.port.counters.sendDrops).toMatchObject({ 'too-long': 1, offload: 4 });
    a.send(buildTcp(route, syn, new Uint8Array(1460)), NO_OFFLOAD);
    expect(b.take()).toHaveLength(1);
  });
});
