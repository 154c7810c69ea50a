import { afterEach, describe, expect, it } from 'vitest';
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import type { Deliver, Offload, SwitchPort } from '../../dom0/network/index.ts';
import { FULL_ABILITY, NetworkSwitch, NO_OFFLOAD } from '../../dom0/network/index.ts';
import { LinkOutlet } from '../../migration/index.ts';
import type { LinkWire } from '../../toolstack/control/link.contract.ts';
import { Wires } from './wires.ts';

const GIGABIT = 125_000_000;
const BROADCAST = 0xffff_ffff_ffff;
const [ALICE, BOB] = [0x0016_3e00_000a, 0x0016_3e00_000b];
const left: (() => void)[] = [];
afterEach(() => {
  for (const leave of left.splice(0)) leave();
});

interface Got {
  frame: Uint8Array;
  offload: Offload;
  isForwarded: boolean;
  atMs: number;
}

interface Link {
  rate?: number;
  latencyMs?: number;
  lossRatio?: number;
}

/** A worker with a station on each of some networks. */
class Side {
  readonly wires: Wires;
  readonly outlet: LinkOutlet;
  readonly log: string[] = [];
  readonly switches = new Map<number, NetworkSwitch>();
  readonly ports = new Map<number, SwitchPort>();
  readonly got = new Map<number, Got[]>();
  private changed: () => void = () => undefined;

  constructor(mac: number, networks: number[], link: Link = {}) {
    const { rate = GIGABIT, latencyMs = 0, lossRatio = 0 } = link;
    const shape = { bandwidthBytesPerSecond: rate, latencyMs, burstBytes: 0 };
    let throws = 0;
    this.outlet = new LinkOutlet(shape, lossRatio, () => (throws++ % 100) / 100);
    this.wires = new Wires({ outlet: () => this.outlet, log: (text) => this.log.push(text) });
    for (const number of networks) {
      const network = new NetworkSwitch({ now: () => performance.now() });
      const got: Got[] = [];
      this.switches.set(number, network);
      this.got.set(number, got);
      const deliver: Deliver = (frame, offload, isForwarded) => {
        got.push({ frame: frame.slice(), offload, isForwarded, atMs: performance.now() });
        this.changed();
        return true;
      };
      this.ports.set(
        number,
        network.attach({ id: 'me', kind: 'service', mac, ability: FULL_ABILITY, deliver }),
      );
      this.wires.addNetwork(number, network);
    }
  }

  send(number: number, frame: Uint8Array, offload = NO_OFFLOAD): void {
    this.ports.get(number)!.receive(frame, offload);
  }

  async until(number: number, count: number): Promise<Got[]> {
    const got = this.got.get(number)!;
    while (got.length < count) await new Promise<void>((resolve) => (this.changed = resolve));
    return got;
  }
}

function join(one: Side, other: Side, ringBytes = 1 << 20): LinkWire {
  const wire = { sent: createFrameRing(ringBytes), received: createFrameRing(ringBytes) };
  one.wires.join('other', wire);
  other.wires.join(null, { sent: wire.received, received: wire.sent });
  left.push(() => {
    one.wires.leave('other');
    other.wires.leave(null);
  });
  return wire;
}

function frame(to: number, from: number, bytes: number, mark = 0): Uint8Array {
  const data = new Uint8Array(bytes).fill(mark);
  const view = new DataView(data.buffer);
  for (const [at, mac] of [
    [0, to],
    [6, from],
  ] as const) {
    view.setUint16(at, Math.floor(mac / 0x1_0000_0000));
    view.setUint32(at + 2, mac % 0x1_0000_0000);
  }
  view.setUint16(12, 0x88b5);
  return data;
}

describe('a wire', () => {
  it("carries every network's frames to its switch at the other end, and nowhere else", async () => {
    const [alice, bob] = [new Side(ALICE, [1, 2]), new Side(BOB, [2, 3])];
    join(alice, bob);
    alice.send(1, frame(BROADCAST, ALICE, 60, 1));
    alice.send(2, frame(BROADCAST, ALICE, 60, 2));
    expect((await bob.until(2, 1)).map((got) => got.frame[20])).toEqual([2]);
    bob.send(2, frame(ALICE, BOB, 60, 3));
    bob.send(3, frame(ALICE, BOB, 60, 4));
    expect((await alice.until(2, 1))[0]?.frame).toEqual(frame(ALICE, BOB, 60, 3));
    expect([alice.got.get(1), bob.got.get(3)]).toEqual([[], []]);
  });

  it('carries what a sender left to others with the frame', async () => {
    const [alice, bob] = [new Side(ALICE, [1]), new Side(BOB, [1])];
    join(alice, bob);
    const large = tcpFrame(40_000);
    alice.send(1, large, { checksumPartial: true, segmentBytes: 1460 });
    const [got] = await bob.until(1, 1);
    expect(got?.offload).toEqual({ checksumPartial: true, segmentBytes: 1460 });
    expect(got?.frame).toEqual(large);
  });

  it('says of a frame that it was forwarded, and its sender is looked for where it was', async () => {
    const [alice, bob] = [new Side(ALICE, [1]), new Side(BOB, [1])];
    join(alice, bob);
    const carol = 0x0016_3e00_000c;
    const attach = (id: string, got: boolean[]): SwitchPort =>
      bob.switches.get(1)!.attach({
        id,
        kind: 'uplink',
        mac: null,
        deliver: (_frame, _offload, isForwarded) => got.push(isForwarded) > 0,
      });
    const behind: boolean[] = [];
    attach('carol', behind).receive(frame(BROADCAST, carol, 60), NO_OFFLOAD);
    // Alice's host had it yet, when its own had sent it there.
    alice.wires.wayTo('other', 1)!.uplink.deliver(frame(BOB, carol, 60), NO_OFFLOAD, true);
    expect((await bob.until(1, 2)).map((got) => got.frame.length)).toEqual([60, 60]);
    bob.send(1, frame(carol, BOB, 60));
    expect(behind).toEqual([false]);
  });

  it('takes the time that the link of its host takes, which migrations share', async () => {
    const [alice, bob] = [
      new Side(ALICE, [1], { rate: 1_000_000, latencyMs: 20 }),
      new Side(BOB, [1]),
    ];
    join(alice, bob);
    const startMs = performance.now();
    for (let count = 0; count < 50; count++) alice.send(1, frame(BROADCAST, ALICE, 976));
    const migrated = new Promise<number>((resolve) =>
      alice.outlet.enqueue('migration', 50_000, () => resolve(performance.now())),
    );
    const got = await bob.until(1, 50);
    expect(got[0]!.atMs - startMs).toBeGreaterThan(19);
    // 50 kB of each at 1 MB/s, and the way.
    expect((await migrated) - startMs).toBeGreaterThan(110);
  });

  it('loses what finds no room, and says so', async () => {
    const [alice, bob] = [new Side(ALICE, [1], { rate: 1_000_000 }), new Side(BOB, [1])];
    join(alice, bob);
    for (let count = 0; count < 1000; count++) alice.send(1, frame(BROADCAST, ALICE, 1000));
    const lost = alice.wires.countersOf('other')!.lost;
    expect(lost).toBeGreaterThan(500);
    expect(lost).toBeLessThan(800);
    expect(await bob.until(1, 1000 - lost)).toHaveLength(1000 - lost);
  });

  it('loses the part of all frames that its link is said to lose, of super-frames each for itself', async () => {
    const [alice, bob] = [new Side(ALICE, [1], { lossRatio: 0.25 }), new Side(BOB, [1])];
    join(alice, bob);
    const payload = 40_000 - 54;
    alice.send(1, tcpFrame(40_000), { checksumPartial: true, segmentBytes: 1460 });
    const frames = Math.ceil(payload / 1460);
    for (let count = frames; count < 100; count++) alice.send(1, frame(BROADCAST, ALICE, 60));
    expect(alice.wires.countersOf('other')!.lost).toBe(25);
    const got = await bob.until(1, 75);
    expect(Math.max(...got.map((each) => each.frame.length))).toBe(1460 + 54);
  });

  it('is given up when its ring holds what nobody wrote', async () => {
    const [alice, bob] = [new Side(ALICE, [1]), new Side(BOB, [1])];
    const wire = join(alice, bob);
    new Uint32Array(wire.sent, 40, 2).fill(0x7fff_ffff);
    const words = new Int32Array(wire.sent, 0, 1);
    Atomics.store(words, 0, 64);
    Atomics.notify(words, 0);
    while (bob.log.length === 0) await new Promise(setImmediate);
    expect(bob.log[0]).toContain('the wire to the gateways is broken');
  });

  it('is replaced by another to the same peer', async () => {
    const [alice, bob] = [new Side(ALICE, [1]), new Side(BOB, [1])];
    join(alice, bob);
    join(alice, bob);
    alice.send(1, frame(BROADCAST, ALICE, 60));
    expect(await bob.until(1, 1)).toHaveLength(1);
    bob.wires.leave(null);
    expect(bob.wires.countersOf(null)).toBeNull();
  });
});

/** Enough of a TCP frame that the switch lets it be a super-frame. */
function tcpFrame(bytes: number): Uint8Array {
  const data = frame(BROADCAST, ALICE, bytes);
  const view = new DataView(data.buffer);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, bytes - 14);
  view.setUint16(20, 0);
  view.setUint16(22, 0x4006);
  view.setUint8(46, 0x50);
  return data;
}
