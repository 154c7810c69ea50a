import { describe, expect, it } from 'vitest';
import { createFrameRing, FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import { NO_OFFLOAD } from '../../dom0/network/offload/offload.ts';
import { buildUdp } from '../../dom0/network/protocol/udp.ts';
import { TestNetwork } from '../../dom0/network/testing/test-network.ts';
import { FULL_ABILITY, newCounters } from '../../dom0/network/index.ts';
import type { VifSpec } from '../../toolstack/control/host.contract.ts';
import { Cable } from './cable.ts';

const GUEST = { mac: 0x00163e00000a, address: 0x0a00000a };
const PEER = { mac: 0x00163e00000b, address: 0x0a00000b };
const RING_BYTES = 1 << 20;
type Station = typeof GUEST;

function udp(from: Station, to: Station, port: number): Uint8Array {
  const [sourceMac, destinationMac] = [from.mac, to.mac];
  const route = { sourceMac, destinationMac, source: from.address, destination: to.address };
  return buildUdp(route, 1234, port, Uint8Array.of(1, 2, 3));
}

function plugged() {
  const net = new TestNetwork();
  const [there, gateways] = [net.uplink('there'), net.uplink('gateways')];
  const [sent, received] = [createFrameRing(RING_BYTES), createFrameRing(RING_BYTES)];
  const spec: VifSpec = {
    handle: 0,
    mac: '00:16:3e:00:00:0a',
    mtu: 1500,
    network: 'default',
    addresses: ['10.0.0.10'],
    linkUp: true,
    sendLimitBytesPerSecond: null,
    receiveLimitBytesPerSecond: null,
    access: { rules: [], otherwise: 'allow' },
    sent,
    received,
  };
  const room = { left: Infinity };
  const cable = new Cable({
    spec,
    id: '1.0',
    network: net.network,
    handle: { ring: () => undefined },
    ability: FULL_ABILITY,
    counters: newCounters(),
    wayTo: (host) =>
      host === 'there' ? { uplink: there.port, hasRoom: () => room.left-- > 0 } : null,
    broken: (why) => expect.unreachable(why),
  });
  there.take(); // its announcement
  gateways.take();
  return { cable, there, gateways, room, guest: new FrameProducer(sent), received, rules: spec };
}

describe('the cable of an interface', () => {
  it('keeps a bounded number of frames for a guest that takes none, and goes on when it does', () => {
    const { gateways, received } = plugged();
    for (let port = 0; port < 1000; port++) gateways.send(udp(PEER, GUEST, port));
    const guest = new FrameConsumer(received);
    const taken: Uint8Array[] = [];
    const takeAll = (): void => {
      while (guest.read((frame) => taken.push(frame.slice()) > 0));
    };
    takeAll();
    expect(taken).toEqual(Array.from({ length: 512 }, (_, port) => udp(PEER, GUEST, port)));
    gateways.send(udp(PEER, GUEST, 2000));
    takeAll();
    expect(taken.at(-1)).toEqual(udp(PEER, GUEST, 2000));
  });

  it('lets all that a guest has sent leave when it stands still, whatever its rate', () => {
    const { cable, there, gateways, guest, rules } = plugged();
    cable.configure({ ...rules, sendLimitBytesPerSecond: 1 });
    const frame = new Uint8Array(1514).fill(7);
    frame.set(udp(GUEST, PEER, 1));
    let written = 0;
    while (guest.write(frame.length, NO_OFFLOAD, (target) => target.set(frame))) written++;
    expect(written).toBeGreaterThan(20);
    cable.flush();
    expect([there.take().length, gateways.take().length]).toEqual([written, written]);
  });

  it('sends everything after a guest that departs, as fast as the wire takes it', async () => {
    const { cable, there, gateways, room, guest } = plugged();
    const ports = Array.from({ length: 100 }, (_, port) => port);
    for (const port of ports) gateways.send(udp(PEER, GUEST, port));
    guest.write(udp(GUEST, PEER, 1).length, NO_OFFLOAD, (frame) => frame.set(udp(GUEST, PEER, 1)));
    cable.flush();
    room.left = 30;
    const departed = cable.depart('there');
    // It has left for good: what comes from now on goes after it, too.
    gateways.send(udp(PEER, GUEST, 2000));
    const first = there.take();
    expect(first).toHaveLength(30 + 1);
    room.left = Infinity;
    await departed;
    expect([...first, ...there.take()]).toEqual([
      ...ports.slice(0, 30).map((port) => udp(PEER, GUEST, port)),
      udp(PEER, GUEST, 2000),
      ...ports.slice(30).map((port) => udp(PEER, GUEST, port)),
    ]);
    expect(gateways.take()).toEqual([udp(GUEST, PEER, 1)]);
  });
});
