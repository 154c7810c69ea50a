import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { parseIpv4, parseSubnet } from '../address/ipv4-address.ts';
import { buildDnsQuery } from '../protocol/dns.ts';
import { buildEcho } from '../protocol/icmp.ts';
import { Gateway } from '../services/gateway.ts';
import { FULL_ABILITY, NO_OFFLOAD } from '../offload/offload.ts';
import { NetworkSwitch } from '../switch/switch.ts';
import type { TcpCloseReason, TcpConnection, TcpEvents } from '../tcp/tcp-connection.ts';
import { dissect } from '../testing/tcpdump.ts';
import { TestGuest } from '../testing/test-guest.ts';
import { forwardDns } from './dns-forwarder.ts';
import { Outside } from './outside.ts';
import { denyOwnMachine } from './reach-policy.ts';
import type { MayReach } from './reach-policy.ts';
import { TcpTranslator } from './tcp-translator.ts';

const LOOPBACK = parseIpv4('127.0.0.1') ?? 0;
const GUEST = { mac: 0x00163e00000a, address: parseIpv4('10.0.0.7') ?? 0 };
const GATEWAY = { mac: 0x00163efffff0, address: parseIpv4('10.0.0.1') ?? 0 };
const cleanUp: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

function site(
  mayReach: MayReach,
  options: { loses?: () => boolean; tcpFlows?: number; udpFlows?: number } = {},
) {
  const now = (): number => performance.now();
  const network = new NetworkSwitch({ now });
  const subnet = parseSubnet('10.0.0.0/24');
  if (!subnet) throw new Error('unreachable');
  const gateway: Gateway = new Gateway({
    ...GATEWAY,
    subnet,
    mtu: network.mtu,
    now,
    send: (frame, offload) => port.receive(frame, offload),
  });
  const port = network.attach({
    id: 'gateway',
    kind: 'service',
    mac: GATEWAY.mac,
    ability: FULL_ABILITY,
    deliver: (frame, offload) => gateway.receive(frame, offload),
  });
  const outside = new Outside({
    gateway,
    now,
    mayReach,
    isMachine: true,
    tcpFlowsPerGuest: options.tcpFlows ?? 256,
    udpFlowsPerGuest: options.udpFlows ?? 128,
  });
  const { loses } = options;
  const guest = new TestGuest({
    network,
    ...GUEST,
    gatewayMac: GATEWAY.mac,
    ...(loses ? { loses } : {}),
  });
  cleanUp.push(() => {
    outside.close();
    guest.close();
  });
  return { network, gateway, outside, guest };
}

/** A socket's life as one promise. */
class Recorder implements TcpEvents {
  readonly chunks: Buffer[] = [];
  bytes = 0;
  isEnded = false;
  reading = true;
  readonly connection: () => TcpConnection;
  readonly closing: Promise<TcpCloseReason>;
  private unread = 0;
  private settle!: (reason: TcpCloseReason) => void;
  private waiters: (() => void)[] = [];

  constructor(connection: () => TcpConnection) {
    this.connection = connection;
    this.closing = new Promise((resolve) => (this.settle = resolve));
  }

  opened(): void {
    this.changed();
  }

  data(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
    this.bytes += bytes.length;
    this.unread += bytes.length;
    if (this.reading) this.read();
    this.changed();
  }

  read(): void {
    this.reading = true;
    const { unread } = this;
    this.unread = 0;
    this.connection().consumed(unread);
  }

  ended(): void {
    this.isEnded = true;
    this.changed();
  }

  writable(): void {
    this.changed();
  }

  closed(reason: TcpCloseReason): void {
    this.settle(reason);
    this.changed();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  private changed(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }
}

function open(guest: TestGuest, port: number, address = LOOPBACK): Recorder {
  const recorder = new Recorder(() => connection);
  const events: TcpEvents = {
    opened: () => recorder.opened(),
    data: (bytes) => recorder.data(bytes),
    ended: () => recorder.ended(),
    writable: () => recorder.writable(),
    closed: (reason) => recorder.closed(reason),
  };
  const connection: TcpConnection = guest.connect({ address, port }, events);
  return recorder;
}

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    cleanUp.push(() => void socket.destroy());
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function serveUdp(answer: (payload: Buffer, from: number, socket: UdpSocket) => void) {
  const socket = createSocket('udp4');
  socket.on('message', (payload, { port }) => answer(payload, port, socket));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanUp.push(() => void socket.close());
  return { socket, port: socket.address().port };
}

const ALLOW_LOOPBACK: MayReach = (address) => address === LOOPBACK;

function pattern(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
}

describe('TCP to the outside', () => {
  for (const [how, every] of [
    ['', 0],
    [' although one frame of thirty is lost', 30],
  ] as const) {
    it(`carries bytes both ways, and both ends, to a real socket${how}`, async () => {
      const there = pattern(every ? 300_000 : 3_000_000, 3);
      const back = pattern(every ? 200_000 : 2_000_000, 5);
      const got: Buffer[] = [];
      let isWhole = false;
      const port = await serve((socket) => {
        socket.on('data', (chunk: Buffer) => got.push(chunk));
        socket.on('end', () => {
          isWhole = true;
          socket.end(back);
        });
      });
      let count = 0;
      const loses = (): boolean => every > 0 && ++count % every === 7;
      const { guest } = site(ALLOW_LOOPBACK, { loses });
      const recorder = open(guest, port);
      for (let at = 0; at < there.length; at += 65_536) {
        const chunk = there.subarray(at, at + 65_536);
        if (!recorder.connection().write(chunk)) {
          let isWritable = false;
          recorder.writable = () => (isWritable = true);
          while (!isWritable) await new Promise(setImmediate);
        }
      }
      recorder.connection().end();
      await recorder.until(() => recorder.isEnded);
      expect(isWhole).toBe(true);
      expect(Buffer.concat(got).equals(there)).toBe(true);
      expect(Buffer.concat(recorder.chunks).equals(back)).toBe(true);
    });
  }

  it('reads no faster than the guest takes, and the guest no faster than the socket', async () => {
    let accepted: Socket | null = null;
    const port = await serve((socket) => {
      accepted = socket;
      socket.pause();
      socket.write(Buffer.alloc(64 << 20));
    });
    const { guest } = site(ALLOW_LOOPBACK);
    const recorder = open(guest, port);
    recorder.reading = false;
    // Windows are told in units of 8 bytes.
    await recorder.until(() => recorder.bytes > (256 << 10) - 8);
    const full = recorder.bytes;
    // Nobody reads at either end: what is under way must come to rest.
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    while (recorder.connection().write(chunk)) written += chunk.length;
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect(recorder.bytes).toBe(full);
    expect(full).toBeLessThanOrEqual(256 << 10);
    const { bytesWritten, writableLength } = accepted as unknown as Socket;
    expect(bytesWritten - writableLength).toBeLessThan(64 << 20);
    expect(written).toBeLessThan(1 << 20);
    recorder.read();
    await recorder.until(() => recorder.bytes >= 4 << 20);
    recorder.connection().reset();
  });

  it('sends a lost frame again although nothing else happens on the wire', async () => {
    let accepted: Socket | null = null;
    let losesNext = false;
    const port = await serve((socket) => (accepted = socket));
    const loses = (): boolean => {
      const lost = losesNext;
      losesNext = false;
      return lost;
    };
    const { guest } = site(ALLOW_LOOPBACK, { loses });
    const recorder = open(guest, port);
    await recorder.until(() => recorder.connection().state === 'established');
    while (!accepted) await new Promise(setImmediate);
    // The handshake's last acknowledgment has arrived when it is answered.
    recorder.connection().write(Buffer.from('x'));
    await once(accepted as Socket, 'data');
    losesNext = true;
    (accepted as Socket).write('y');
    await recorder.until(() => recorder.bytes === 1);
    expect(losesNext).toBe(false);
  });

  it('answers a closed port and a broken connection with a reset', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { guest } = site(ALLOW_LOOPBACK);
    const recorder = open(guest, port);
    recorder.connection().write(Buffer.from('x'));
    expect(await recorder.closing).toBe('reset');
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const closedPort = (server.address() as AddressInfo).port;
    server.close();
    await once(server, 'close');
    expect(await open(guest, closedPort).closing).toBe('reset');
  });

  it('resets the real socket when the guest resets or is gone', async () => {
    const ends: Promise<unknown>[] = [];
    const port = await serve((socket) => {
      socket.resume();
      ends.push(new Promise((resolve) => socket.once('close', resolve)));
    });
    const { guest, outside } = site(ALLOW_LOOPBACK);
    const [one, two] = [open(guest, port), open(guest, port)];
    await one.until(() => one.connection().state === 'established');
    await two.until(() => two.connection().state === 'established');
    one.connection().reset();
    while (ends.length < 2) await new Promise(setImmediate);
    outside.drop(GUEST.address);
    await Promise.all(ends);
    expect(await two.closing).toBe('reset');
  });

  it("takes the gateway's address for this machine where the policy allows it, until it does not", async () => {
    const port = await serve((socket) => socket.resume());
    let isAllowed = true;
    const { guest, outside } = site((address) => isAllowed && address === LOOPBACK);
    const one = open(guest, port, GATEWAY.address);
    await one.until(() => one.connection().state === 'established');
    isAllowed = false;
    outside.recheck();
    expect(await one.closing).toBe('reset');
    expect(await open(guest, port, GATEWAY.address).closing).toBe('reset');
  });

  it('refuses what the policy does not name, and more than a share', async () => {
    const port = await serve((socket) => socket.resume());
    const closed = site(denyOwnMachine);
    expect(await open(closed.guest, port).closing).toBe('reset');
    expect(closed.outside.tcp.refused.policy).toBe(1);
    const none = site(() => false);
    expect(await open(none.guest, port).closing).toBe('reset');
    expect(await open(none.guest, 80, GATEWAY.address).closing).toBe('reset');
    const few = site(ALLOW_LOOPBACK, { tcpFlows: 2 });
    const [one] = [open(few.guest, port), open(few.guest, port)];
    expect(await open(few.guest, port).closing).toBe('reset');
    expect(few.outside.tcp.refused.limit).toBe(1);
    await one?.until(() => one.connection().state === 'established');
    one?.connection().reset();
    await new Promise(setImmediate);
    const next = open(few.guest, port);
    await next.until(() => next.connection().state === 'established');
    expect(next.connection().state).toBe('established');
  });
});

describe('the default policy', () => {
  it("denies loopback, the machine's own and all special addresses, and nothing else", () => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family }) => family === 'IPv4')
      .map(({ address }) => address);
    const all = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '0.1.2.3', '169.254.169.254', '224.0.0.1'];
    for (const text of [...all, '239.1.1.1', '255.255.255.255', '240.0.0.1', ...own]) {
      expect([text, denyOwnMachine(parseIpv4(text) ?? 0, 80, 'tcp')]).toEqual([text, false]);
    }
    for (const text of ['192.0.2.1', '128.0.0.1', '126.255.255.255', '223.255.255.255']) {
      expect([text, denyOwnMachine(parseIpv4(text) ?? 0, 80, 'tcp')]).toEqual([text, true]);
    }
  });

  it('is asked before any socket is made', () => {
    const asked: unknown[] = [];
    const translator = new TcpTranslator((...args) => {
      asked.push(args);
      return false;
    });
    const never = (): never => {
      throw new Error('a connection was asked for');
    };
    const destination = { address: LOOPBACK, port: 22 };
    expect(translator.open({ ...GUEST, port: 1 }, destination, never)).toBeNull();
    expect(asked).toEqual([[LOOPBACK, 22, 'tcp']]);
  });
});

describe('UDP to the outside', () => {
  it('brings answers back to who asked, in order and only from whom was asked', async () => {
    const { port } = await serveUdp((payload, from, socket) =>
      socket.send(Buffer.concat([Buffer.from('re: '), payload]), from, '127.0.0.1'),
    );
    const { guest, outside } = site(ALLOW_LOOPBACK);
    const stranger = createSocket('udp4');
    cleanUp.push(() => void stranger.close());
    for (let count = 0; count < 5; count++) {
      guest.sendUdp(7777, { address: LOOPBACK, port }, Buffer.from(`${count}`));
    }
    await new Promise<void>((resolve) => {
      guest.onDatagram = () => {
        if (guest.datagrams.length === 5) resolve();
      };
    });
    expect(guest.datagrams.map(({ payload }) => payload.toString())).toEqual(
      [0, 1, 2, 3, 4].map((count) => `re: ${count}`),
    );
    expect(guest.datagrams[0]).toMatchObject({
      source: { address: LOOPBACK, port },
      destination: { address: GUEST.address, port: 7777 },
    });
    expect(outside.udp.flowsOf(GUEST.address)).toBe(1);
  });

  it('keeps a bounded number for each guest, and forgets the one unused longest', async () => {
    const senders = new Set<number>();
    const { port } = await serveUdp((payload, from, socket) => {
      senders.add(from);
      socket.send(payload, from, '127.0.0.1');
    });
    const { guest, outside } = site(ALLOW_LOOPBACK, { udpFlows: 3 });
    for (let index = 0; index < 10; index++) {
      const came = new Promise<void>((resolve) => (guest.onDatagram = resolve));
      guest.sendUdp(1000 + index, { address: LOOPBACK, port }, Buffer.from('x'));
      await came;
      expect(outside.udp.flowsOf(GUEST.address)).toBeLessThanOrEqual(3);
    }
    expect(senders.size).toBe(10);
    outside.drop(GUEST.address);
    expect(outside.udp.flowsOf(GUEST.address)).toBe(0);
  });

  it('is refused where the policy denies, as are echoes to anybody but the gateway', async () => {
    let came = 0;
    const { port } = await serveUdp(() => came++);
    const { guest, outside } = site(denyOwnMachine);
    guest.sendUdp(7777, { address: LOOPBACK, port }, Buffer.from('x'));
    const route = {
      sourceMac: GUEST.mac,
      destinationMac: GATEWAY.mac,
      source: GUEST.address,
      destination: parseIpv4('192.0.2.1') ?? 0,
    };
    guest.port.receive(buildEcho(route, 'echoRequest', 1, Buffer.from('x')), NO_OFFLOAD);
    while (guest.frames.length < 2) await new Promise(setImmediate);
    const text = dissect(guest.frames);
    expect(text).toContain('host 127.0.0.1 unreachable - admin prohibited');
    expect(text).toContain('host 192.0.2.1 unreachable - admin prohibited');
    expect(outside.udp.dropped.policy).toBe(1);
    expect(came).toBe(0);
  });
});

describe('a forwarded port', () => {
  it('leads a program on this machine into a guest that nobody may leave', async () => {
    const { guest, outside } = site(() => false);
    guest.onConnect = (connection) => ({
      opened: () => undefined,
      data: (bytes) => {
        connection().consumed(bytes.length);
        connection().write(Buffer.from(bytes));
      },
      ended: () => connection().end(),
      writable: () => undefined,
      closed: () => undefined,
    });
    const forward = await outside.forward('tcp', 0, () => ({ address: GUEST.address, port: 22 }));
    cleanUp.push(() => forward.close());
    const sent = pattern(1_000_000, 11);
    const socket = connect({ host: '127.0.0.1', port: forward.port, allowHalfOpen: true });
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.end(sent);
    await once(socket, 'close');
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    expect(dissect(guest.frames.slice(0, 3))).toContain('who-has 10.0.0.7 tell 10.0.0.1');
  });

  it("leads datagrams there and a guest's answers back, each client's to itself", async () => {
    const { guest, outside } = site(() => false);
    guest.onDatagram = () => {
      const { source, payload } = guest.datagrams.at(-1)!;
      guest.sendUdp(53, source, Buffer.from(`re: ${payload.toString()}`));
      guest.sendUdp(54, source, Buffer.from('from a port that was not asked'));
    };
    const forward = await outside.forward('udp', 0, () => ({ address: GUEST.address, port: 53 }));
    cleanUp.push(() => forward.close());
    const clients = ['one', 'two'].map((text) => {
      const client = createSocket('udp4');
      cleanUp.push(() => void client.close());
      client.send(text, forward.port, '127.0.0.1');
      return once(client, 'message').then(([answer]) => String(answer));
    });
    expect(await Promise.all(clients)).toEqual(['re: one', 're: two']);
    const sources = guest.datagrams.map(({ source }) => source);
    expect(sources.map(({ address }) => address)).toEqual([GATEWAY.address, GATEWAY.address]);
    expect(new Set(sources.map(({ port }) => port)).size).toBe(2);
    await expect(outside.forward('udp', forward.port, () => null)).rejects.toMatchObject({
      code: 'network.port-in-use',
    });
  });

  it('says when its port is taken, or its guest is not there', async () => {
    const { outside } = site(() => false);
    const forward = await outside.forward('tcp', 0, () => null);
    cleanUp.push(() => forward.close());
    await expect(outside.forward('tcp', forward.port, () => null)).rejects.toMatchObject({
      code: 'network.port-in-use',
    });
    const socket = connect({ host: '127.0.0.1', port: forward.port });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });
});

describe('name servers outside', () => {
  it('are asked one after another, under another number', async () => {
    const ids: number[] = [];
    const { port } = await serveUdp((payload, from, socket) => {
      ids.push(payload.readUInt16BE(0));
      const forged = Buffer.from(payload);
      forged.writeUInt16BE((payload.readUInt16BE(0) + 1) & 0xffff);
      forged[3] = 5;
      socket.send(forged, from, '127.0.0.1');
      payload[3] = 0x80;
      socket.send(payload, from, '127.0.0.1');
    });
    const { socket, port: closedPort } = await serveUdp(() => undefined);
    cleanUp.splice(cleanUp.length - 1, 1);
    socket.close();
    await once(socket, 'close');
    const forward = forwardDns(() => ['::1', `127.0.0.1:${closedPort}`, `127.0.0.1:${port}`]);
    for (let count = 0; count < 3; count++) {
      const response = await forward(buildDnsQuery(77, 'example.org', 1));
      expect([...(response ?? [])].slice(0, 4)).toEqual([0, 77, 1, 0x80]);
    }
    expect(ids.every((id) => id === 77)).toBe(false);
    expect(await forwardDns(() => [])(buildDnsQuery(77, 'example.org', 1))).toBeNull();
  });
});
