import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TcpFlag, startTcp } from '../protocol/tcp.ts';
import { buildUdp } from '../protocol/udp.ts';
import { TestNetwork } from '../testing/test-network.ts';
import { CaptureCounters } from './capture-counters.ts';
import { Capture } from './capture.ts';

const A = { mac: 0x00163e00000a, address: 0x0a00000a };
const B = { mac: 0x00163e00000b, address: 0x0a00000b };
const route = {
  sourceMac: A.mac,
  destinationMac: B.mac,
  source: A.address,
  destination: B.address,
};
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capture-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a capture', () => {
  it('is a file in which tcpdump finds what an interface sent and got, at its time', async () => {
    const path = join(folder, 'a.pcap');
    let now = 1_700_000_000_123.456;
    const capture = new Capture({ output: createWriteStream(path), wallClockMs: () => now });
    const net = new TestNetwork();
    const a = net.guest(A.mac, A.address);
    const b = net.guest(B.mac, B.address);
    a.port.tap = capture.tap;
    a.send(buildUdp(route, 1111, 2222, Uint8Array.of(1, 2, 3)));
    now += 1500;
    const header = {
      sourcePort: 3333,
      destinationPort: 4444,
      sequence: 1,
      acknowledgment: 1,
      flags: TcpFlag.ack,
      window: 100,
      mss: null,
      windowShift: null,
    };
    const back = {
      sourceMac: B.mac,
      destinationMac: A.mac,
      source: B.address,
      destination: A.address,
    };
    const partial = startTcp(back, header, 100).finishPartial();
    b.send(partial, { checksumPartial: true, segmentBytes: 0 });
    a.send(buildUdp({ ...route, source: 0x0a000099 }, 5, 6, Uint8Array.of(1)));
    await capture.stop();
    const { status, stdout } = spawnSync('tcpdump', ['-r', path, '-n', '-vv', '-tt', '-e']);
    const text = stdout.toString();
    expect(status).toBe(0);
    expect(text).toMatch(/^1700000000\.123456 00:16:3e:00:00:0a > 00:16:3e:00:00:0b/m);
    expect(text).toContain('10.0.0.10.1111 > 10.0.0.11.2222: [udp sum ok] UDP, length 3');
    expect(text).toMatch(/^1700000001\.623456 .*00:16:3e:00:00:0b > 00:16:3e:00:00:0a/m);
    expect(text).toMatch(/10\.0\.0\.11\.3333 > 10\.0\.0\.10\.4444: .*\(correct\)/);
    expect(text).toContain('10.0.0.153.5 > 10.0.0.11.6');
    expect(capture.counters).toMatchObject({ frames: 3, dropped: 0 });
  });

  it('keeps the start of frames, ends at its size, and drops what the file does not take', async () => {
    const path = join(folder, 'b.pcap');
    const small = new Capture({
      output: createWriteStream(path),
      wallClockMs: () => 0,
      snapBytes: 50,
      fileBytesMax: 24 + 3 * 66,
    });
    const frame = buildUdp(route, 1, 2, new Uint8Array(1000));
    const offload = { checksumPartial: false, segmentBytes: 0 };
    for (let count = 0; count < 5; count++) small.tap(frame, offload, 'sent');
    await small.stop();
    expect(small.counters).toMatchObject({ frames: 3, dropped: 2 });
    expect((await readFile(path)).length).toBe(24 + 3 * 66);
    const stuck = new Writable({ write: () => undefined });
    const slow = new Capture({ output: stuck, wallClockMs: () => 0 });
    for (let count = 0; count < 20_000; count++) slow.tap(frame, offload, 'sent');
    expect(stuck.writableLength).toBeLessThan(9 << 20);
    expect(slow.counters.dropped).toBeGreaterThan(10_000);
  });

  it('goes on with a file that another began, and says once that it is full', async () => {
    const path = join(folder, 'd.pcap');
    const frame = buildUdp(route, 1, 2, new Uint8Array(100));
    const offload = { checksumPartial: false, segmentBytes: 0 };
    const counters = new CaptureCounters();
    const options = { counters, wallClockMs: () => 0 };
    const first = new Capture({ ...options, output: createWriteStream(path) });
    first.tap(frame, offload, 'sent');
    await first.stop();
    const fileBytes = (await readFile(path)).length;
    let full = 0;
    const second = new Capture({
      ...options,
      output: createWriteStream(path, { flags: 'a' }),
      fileBytes,
      fileBytesMax: fileBytes + 16 + frame.length,
      full: () => void full++,
    });
    for (let count = 0; count < 3; count++) second.tap(frame, offload, 'sent');
    await second.stop();
    expect(full).toBe(1);
    expect(second.counters).toMatchObject({ frames: 2, dropped: 2 });
    const { status, stdout } = spawnSync('tcpdump', ['-r', path, '-n', '-tt']);
    expect([status, stdout.toString().trim().split('\n').length]).toEqual([0, 2]);
  });

  it('tells of a file that fails, and holds nobody up', async () => {
    const output = createWriteStream(join(folder, 'missing', 'c.pcap'));
    const capture = new Capture({ output, wallClockMs: () => 0 });
    await expect(capture.finished).rejects.toThrow('ENOENT');
    const offload = { checksumPartial: false, segmentBytes: 0 };
    capture.tap(new Uint8Array(60), offload, 'sent');
    expect(capture.counters).toMatchObject({ frames: 0, dropped: 1 });
    await expect(capture.stop()).rejects.toThrow('ENOENT');
  });
});
