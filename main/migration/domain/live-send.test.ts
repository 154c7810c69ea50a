/** Rounds of a real machine's memory into a sink that is in this thread; its writes are the test's. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  compileEngine,
  Domain,
  DomainCounters,
  HostFrames,
  makeMachine,
  PAGE_SIZE,
} from '../../hypervisor/index.ts';
import { StreamReader } from '../stream/reader.ts';
import { ReceivedDomain } from '../testing/received-domain.ts';
import { LiveSend } from './live-send.ts';
import type { LiveSendOptions, LiveSink, LongStop } from './live-send.ts';
import type { Round, RoundUnderWay, Terms } from './rounds.ts';

const MEMORY_KIB = 8192;
const PAGES = MEMORY_KIB / 4;
const TERMS: Terms = {
  pace: { least: 50e6, most: 100e6 },
  linkRate: 100e6,
  autoConverge: false,
  maxDowntimeMs: null,
  allowLongerStop: false,
};

/** A receiver that has used everything at once, until it fails. */
class Sink implements LiveSink {
  inFlightBytes = 0;
  readonly reader: StreamReader;
  aborted: unknown = null;
  failsWith: Error | null = null;

  constructor(received: ReceivedDomain) {
    this.reader = new StreamReader(received);
  }

  hasRoom(): boolean {
    if (this.failsWith) throw this.failsWith;
    return this.inFlightBytes === 0;
  }

  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(bytes);
  }

  send(chunk: Uint8Array<ArrayBuffer>): void {
    this.reader.push(chunk);
  }

  close(): void {}

  abort(error: unknown): void {
    this.aborted = error;
  }
}

describe('a domain that is sent while it runs', () => {
  let domain: Domain;
  let received: ReceivedDomain;
  let sink: Sink;
  let rounds: Round[];
  let stops: LongStop[];
  let percents: number[];
  let progress: RoundUnderWay[];
  let nowMs: number;

  beforeEach(async () => {
    const machine = await makeMachine(await compileEngine(), MEMORY_KIB, () => nowMs);
    const frames = new HostFrames();
    frames.give(PAGES);
    domain = new Domain({
      domid: 1,
      uuid: '2b4e28ba-2fa1-11d2-883f-0016d3cca427',
      machine,
      frames,
      counters: new DomainCounters(),
      host: { onShutdown: () => undefined, onYield: () => undefined, log: () => undefined },
    });
    for (let gfn = 0; gfn < domain.physmap.ramFrames; gfn++) write(gfn, gfn + 1);
    received = new ReceivedDomain();
    sink = new Sink(received);
    [rounds, stops, percents, progress, nowMs] = [[], [], [], [], 0];
  });

  /** All of a page. */
  function write(gfn: number, value: number): void {
    const words = new Uint32Array(PAGE_SIZE / 4).fill(value).fill(77, 1, 2);
    domain.memory.write(gfn * PAGE_SIZE, new Uint8Array(words.buffer));
  }

  function begin(terms: Partial<Terms> = {}, more: Partial<LiveSendOptions> = {}): LiveSend {
    return new LiveSend({
      domain,
      sink,
      name: 'mover',
      xenstore: null,
      terms: { ...TERMS, ...terms },
      now: () => nowMs,
      onRound: (round) => rounds.push(round),
      onLongStop: (stop) => stops.push(stop),
      onProgress: (round) => progress.push(round),
      slow: (percent) => percents.push(percent),
      ...more,
    });
  }

  /** Sends until it is ready; the guest writes so many pages in each round, and fewer when slowed down. */
  function run(sending: LiveSend, pagesARound: number): void {
    for (let seen = -1; !sending.isReady;) {
      if (seen !== rounds.length) {
        seen = rounds.length;
        const share = 1 - (percents.at(-1) ?? 0) / 100;
        for (let n = 0; n < Math.round(pagesARound * share); n++) write(300 + n, seen * 1000 + n);
      }
      const waitMs = sending.step();
      nowMs += Number.isFinite(waitMs) ? waitMs : 1;
    }
  }

  function expectSame(): void {
    const { bytes } = domain.memory;
    const ram = bytes.subarray(0, domain.physmap.ramFrames * PAGE_SIZE);
    expect(Buffer.compare(ram, received.ram)).toBe(0);
  }

  it('tells of a round that goes on, a few times a second, and of none that is over', async () => {
    const sending = begin({ pace: { least: 5e6, most: 5e6 } });
    run(sending, 40);
    await sending.ready;
    const first = progress.filter(({ number }) => number === 1);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThanOrEqual(rounds[0]!.ms / 100);
    for (const [index, { pages, sent, ms }] of first.entries()) {
      expect(pages).toBe(rounds[0]!.pages);
      expect(sent).toBeGreaterThan(first[index - 1]?.sent ?? 0);
      expect(ms).toBeLessThanOrEqual(rounds[0]!.ms);
    }
  });

  it('arrives as it is when it is stopped, whatever it wrote on the way', async () => {
    const sending = begin();
    run(sending, 10);
    expect(await sending.ready).toMatchObject({ stopReason: 'few-left' });
    write(1000, 1);
    sending.sendRest();
    sending.finish(Buffer.from('{}'));
    sink.reader.finish();
    expectSame();
    expect(domain.memory.log.isOn).toBe(false);
    expect(percents).toEqual([]);
  });

  it('is slowed down where that is allowed, until what is left is little enough', async () => {
    const sending = begin({ autoConverge: true, maxDowntimeMs: 20 });
    run(sending, 600);
    const { stopReason } = await sending.ready;
    expect(['short-enough', 'few-left', 'no-gain']).toContain(stopReason);
    expect(percents.slice(0, 3)).toEqual([20, 30, 40]);
    expect(rounds.at(-1)!.estimatedStopMs).toBeLessThanOrEqual(20);
    sending.sendRest();
    sending.finish(Buffer.from('{}'));
    expect(percents.at(-1)).toBe(0);
    sink.reader.finish();
    expectSame();
  });

  it('says a round before that it will stand still for long', async () => {
    const sending = begin({ maxDowntimeMs: 5, allowLongerStop: true });
    run(sending, 600);
    await sending.ready;
    expect(stops).toHaveLength(1);
    expect(stops[0]).toMatchObject({ reason: 'no-gain' });
    expect(stops[0]!.estimatedStopMs).toBe(rounds.at(-2)!.estimatedStopMs);
  });

  it('sends again only what has changed of a page', async () => {
    const sending = begin();
    const change = (): void => {
      for (let gfn = 300; gfn < 900; gfn++) {
        domain.memory.write(gfn * PAGE_SIZE + 2000, Uint8Array.of(rounds.length));
      }
    };
    while (!sending.isReady) {
      change();
      const waitMs = sending.step();
      nowMs += Number.isFinite(waitMs) ? waitMs : 1;
    }
    expect(await sending.ready).toMatchObject({ stopReason: 'few-left' });
    expect(rounds.map(({ dirtied }) => dirtied)).toEqual([600, 600, 600]);
    expect(rounds[1]!.bytes).toBeGreaterThan(600 * PAGE_SIZE);
    expect(rounds[2]!.bytes).toBeLessThan(600 * 100);
    change();
    sending.sendRest();
    sending.finish(Buffer.from('{}'));
    sink.reader.finish();
    expectSame();
  });

  it('goes as whole pages to what is as fast as memory', async () => {
    const lines = vi.spyOn(received, 'lines');
    const sending = begin({ linkRate: 1e11, pace: { least: 1e11, most: 1e11 } });
    run(sending, 10);
    await sending.ready;
    sending.sendRest();
    sending.finish(Buffer.from('{}'));
    sink.reader.finish();
    expectSame();
    expect(lines).not.toHaveBeenCalled();
  });

  it('is followed by what was translated of its code, if it stood still from the first byte on', async () => {
    const order: string[] = [];
    const pages = received.pages.bind(received);
    received.pages = (batch) => {
      order.push('pages');
      pages(batch);
    };
    Object.assign(received, { code: () => order.push('code') });
    const shareCode = vi.fn(() => true);
    const sending = begin({ linkRate: 1e11 }, { shareCode });
    await sending.readyAtOnce();
    expect(sending.owesCode).toBe(true);
    sending.sendRest();
    sending.finish(Buffer.from('{}'));
    sink.reader.finish();
    expectSame();
    expect(shareCode).toHaveBeenCalledOnce();
    expect(order.lastIndexOf('pages')).toBeGreaterThan(0);
    expect(order.indexOf('code')).toBe(order.length - 1);
    expect(order.filter((each) => each === 'code')).toHaveLength(1);
  });

  it('gives up a receiver that takes nothing for long, and waits for a slow one', () => {
    const sending = begin();
    sending.ready.catch(() => undefined);
    sending.step();
    nowMs += 1000; // the rate would let the next chunk go
    for (const bytes of [3, 2, 1]) {
      sink.inFlightBytes = bytes;
      expect(sending.step()).toBe(30_000);
      nowMs += 29_999;
      expect(sending.step()).toBe(1);
    }
    nowMs += 1;
    expect(() => sending.step()).toThrow(expect.objectContaining({ code: 'link.stalled' }));
  });

  it.each([
    ['its link fails', 3, 'the link was cut'],
    ['its stop would be too long', 100, 'would stand still for about'],
  ])('is let go of, at full speed and without a log, when %s', async (_, steps, message) => {
    const sending = begin({ maxDowntimeMs: 5, autoConverge: true });
    sending.ready.catch(() => undefined);
    const trying = (): void => {
      for (;;) {
        if (percents.length >= steps) sink.failsWith = new Error(message);
        // It writes as much however it is slowed down.
        for (let n = 0; n < 600; n++) write(300 + n, n + nowMs);
        const waitMs = sending.step();
        nowMs += Number.isFinite(waitMs) ? waitMs : 1;
      }
    };
    let thrown: unknown;
    try {
      trying();
    } catch (error) {
      thrown = error;
      sending.abandon(error);
    }
    expect(String(thrown)).toContain(message);
    await expect(sending.ready).rejects.toBe(thrown);
    expect(sink.aborted).toBe(thrown);
    expect(percents.length).toBeGreaterThan(1);
    expect(percents.at(-1)).toBe(0);
    expect(domain.memory.log.isOn).toBe(false);
  });
});
