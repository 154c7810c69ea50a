/** Checkpoints of a real machine's memory to a standby that is in this thread; time is the test's. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  compileEngine,
  Domain,
  DomainCounters,
  HostFrames,
  makeMachine,
  PAGE_SIZE,
} from '../../hypervisor/index.ts';
import type { LiveSink } from '../domain/live-send.ts';
import { DomainReceiver } from '../domain/receive-domain.ts';
import { StreamReader } from '../stream/reader.ts';
import { Checkpoints } from './checkpoints.ts';
import type { HeldOutput, TakenCheckpoint } from './checkpoints.ts';
import { StandbyReceiver } from './standby-receiver.ts';

const MEMORY_KIB = 8192;
const PAGES = MEMORY_KIB / 4;
const INTERVAL_MS = 50;

/** Chunks arrive when the test says so. */
class Link implements LiveSink {
  readonly onTheWay: Uint8Array<ArrayBuffer>[] = [];
  isCut = false;
  aborted: unknown = null;
  private readonly reader: StreamReader;

  constructor(standby: StandbyReceiver) {
    this.reader = new StreamReader(standby);
  }

  get inFlightBytes(): number {
    return this.onTheWay.reduce((sum, { length }) => sum + length, 0);
  }

  arrive(chunks = this.onTheWay.length): void {
    for (const chunk of this.onTheWay.splice(0, chunks)) this.reader.push(chunk);
  }

  hasRoom(): boolean {
    if (this.isCut) throw new Error('the link was cut');
    return true;
  }

  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(bytes);
  }

  send(chunk: Uint8Array<ArrayBuffer>): void {
    this.onTheWay.push(chunk);
  }

  close(): void {}

  abort(error: unknown): void {
    this.aborted = error;
  }
}

/** Counts instead of bytes. */
class Output implements HeldOutput {
  said = 0;
  told = 0;
  isHeld = false;
  private marked = 0;

  hold(): void {
    this.isHeld = true;
    this.told = this.said;
  }

  mark(): unknown {
    this.marked = this.said;
    return { said: this.said };
  }

  release(): void {
    this.told = this.marked;
  }
}

async function machine(now: () => number): Promise<Domain> {
  const frames = new HostFrames();
  frames.give(PAGES);
  return new Domain({
    domid: 1,
    uuid: '2b4e28ba-2fa1-11d2-883f-0016d3cca427',
    machine: await makeMachine(await compileEngine(), MEMORY_KIB, now),
    frames,
    counters: new DomainCounters(),
    host: { onShutdown: () => undefined, onYield: () => undefined, log: () => undefined },
  });
}

describe('a protected domain', () => {
  let domain: Domain;
  let image: Domain;
  let standby: StandbyReceiver;
  let link: Link;
  let output: Output;
  let taken: TakenCheckpoint[];
  let checkpoints: Checkpoints;
  let nowMs: number;

  beforeEach(async () => {
    [nowMs, taken] = [0, []];
    [domain, image] = [await machine(() => nowMs), await machine(() => nowMs)];
    domain.engine.clock.thaw();
    for (let gfn = 0; gfn < domain.physmap.ramFrames; gfn++) write(gfn, gfn + 1);
    standby = new StandbyReceiver(new DomainReceiver(image));
    link = new Link(standby);
    output = new Output();
    checkpoints = new Checkpoints({
      domain,
      link,
      name: 'guarded',
      pace: { least: 50e6, most: 100e6 },
      intervalMs: INTERVAL_MS,
      output,
      xenstore: () => Buffer.from(JSON.stringify({ at: nowMs })),
      now: () => nowMs,
      onRound: () => undefined,
      onCheckpoint: (one) => taken.push(one),
    });
  });

  function write(gfn: number, value: number): void {
    domain.memory.write(gfn * PAGE_SIZE, new Uint8Array(new Uint32Array([value, 77]).buffer));
  }

  function memoryOf({ memory, physmap }: Domain): Buffer {
    return Buffer.from(memory.bytes.slice(0, physmap.ramFrames * PAGE_SIZE));
  }

  /** Until the standby has so many; the next one is due, and not begun. */
  function run(count: number): void {
    while (taken.length < count) {
      const waitMs = checkpoints.step();
      link.arrive();
      nowMs += waitMs > INTERVAL_MS ? 1 : Math.max(1, waitMs);
    }
  }

  it('has a standby that is what it was at the last checkpoint, and nothing in between', () => {
    run(1);
    for (let turn = 0; turn < 8; turn++) {
      const before = memoryOf(image);
      for (let page = 0; page < 40 * turn; page++) write(100 + page, turn * 1000 + page);
      nowMs += INTERVAL_MS;
      checkpoints.step();
      checkpoints.step();
      const then = memoryOf(domain);
      write(5, turn);
      // All but the last of its chunks.
      link.arrive(link.onTheWay.length - 1);
      expect(memoryOf(image).equals(before)).toBe(true);
      link.arrive();
      expect(memoryOf(image).equals(then)).toBe(true);
      checkpoints.step();
      expect(taken.length).toBe(turn + 2);
    }
  });

  it('tells nothing before the standby has the state that said it', () => {
    run(1);
    expect(output.isHeld).toBe(true);
    for (let turn = 1; turn < 20; turn++) {
      output.said = turn * 10;
      nowMs += INTERVAL_MS;
      checkpoints.step();
      checkpoints.step();
      output.said += 5;
      expect(output.told).toBeLessThan(turn * 10);
      link.arrive();
      checkpoints.step();
      expect(output.told).toBe(turn * 10);
      // What was said since goes with the next one.
      output.said = turn * 10 + 9;
    }
  });

  it('waits with the next one until the standby has the last', () => {
    run(1);
    nowMs += INTERVAL_MS;
    checkpoints.step();
    checkpoints.step();
    const underWay = link.inFlightBytes;
    expect(underWay).toBeGreaterThan(0);
    for (let turn = 0; turn < 20; turn++) {
      nowMs += INTERVAL_MS;
      write(200 + turn, turn);
      checkpoints.step();
    }
    expect(link.inFlightBytes).toBe(underWay);
    link.arrive();
    run(3);
    expect(taken.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('is not given up while it does nothing, and is when the standby is silent', () => {
    run(300);
    nowMs += INTERVAL_MS;
    const untilSilent = (): void => {
      for (let turn = 0; turn < 1000; turn++) {
        checkpoints.step();
        nowMs += INTERVAL_MS;
      }
    };
    expect(untilSilent).toThrow(/silent for 10 s/);
    expect(taken.length).toBe(300);
  });

  it('keeps its time: the guest’s clock does not run slow', () => {
    run(100);
    expect(domain.nowMs).toBe(nowMs);
  });

  it('says what the link failed with, and logs no pages after its end', () => {
    run(1);
    nowMs += INTERVAL_MS;
    link.isCut = true;
    expect(() => checkpoints.step()).toThrow('the link was cut');
    checkpoints.end(new Error('lost'));
    expect(link.aborted).toMatchObject({ message: 'lost' });
    expect(domain.memory.log.isOn).toBe(false);
    expect(checkpoints.step()).toBe(Infinity);
  });

  it('can go on at the standby from the last checkpoint that is whole', () => {
    run(3);
    output.said = 7;
    nowMs += INTERVAL_MS;
    checkpoints.step();
    checkpoints.step();
    link.arrive();
    const then = memoryOf(domain);
    write(9, 9);
    nowMs += INTERVAL_MS;
    checkpoints.step();
    checkpoints.step();
    link.arrive(link.onTheWay.length - 1);
    const { xenstore, beside } = standby.complete();
    expect(beside).toEqual({ said: 7 });
    expect(JSON.parse(Buffer.from(xenstore!).toString())).toEqual({ at: nowMs - INTERVAL_MS });
    expect(memoryOf(image).equals(then)).toBe(true);
  });
});
