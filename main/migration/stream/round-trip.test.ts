import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CONFIG } from '../testing/forged-stream.ts';
import { ReceivedDomain } from '../testing/received-domain.ts';
import { memoryOf, sectionOf, writeDomain } from '../testing/written-stream.ts';
import type { TestDomain, TestPage } from '../testing/written-stream.ts';
import { StreamReader } from './reader.ts';
import { verifyStream } from './restore.ts';
import { PAGE_BYTES, PageKind } from './stream.abi.ts';
import { MIN_CHUNK_BYTES, StreamWriter } from './writer.ts';

const kind = fc.constantFrom<TestPage>('zero', 'data', 'unpopulated');
const runs = fc
  .array(fc.tuple(kind, fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 20 })
  .map((list) => list.flatMap(([page, count]) => Array<TestPage>(count).fill(page)));
const domains: fc.Arbitrary<TestDomain> = fc.record({
  kinds: runs,
  seed: fc.integer({ min: 1, max: 255 }),
  sectionBytes: fc.nat(40_000),
  state: fc.json().map((text): unknown => JSON.parse(text)),
});

function expectReceived(received: ReceivedDomain, domain: TestDomain): void {
  const expected = memoryOf(domain);
  domain.kinds.forEach((page, gfn) => {
    if (page === 'unpopulated') expected.fill(0, gfn * PAGE_BYTES, (gfn + 1) * PAGE_BYTES);
    expect(received.populated.get(gfn)).toBe(page !== 'unpopulated');
  });
  expect(Buffer.compare(received.ram, expected)).toBe(0);
  expect(received.sections.get('devices')).toEqual(sectionOf(domain));
  expect(received.state).toEqual(domain.state);
  expect(received.store).toEqual({ nodes: [] });
}

describe('any domain', () => {
  it('comes out of a stream as it went in, however the bytes are cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 });
    const chunkKiB = fc.integer({ min: MIN_CHUNK_BYTES >> 10, max: 64 });
    fc.assert(
      fc.property(domains, chunkKiB, cuts, (domain, kibibytes, sizes) => {
        const stream = Buffer.concat(writeDomain(domain, { chunkBytes: kibibytes << 10 }));
        const received = new ReceivedDomain();
        const reader = new StreamReader(received);
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          // A copy that is overwritten after use: the reader may not keep views of it.
          const chunk = Uint8Array.from(stream.subarray(at, at + size));
          reader.push(chunk);
          chunk.fill(0xaa);
          at += size;
        }
        const report = reader.finish();
        expect(report.bytes).toBe(stream.length);
        expect(report.dataPages).toBe(domain.kinds.filter((page) => page === 'data').length);
        expectReceived(received, domain);
      }),
      { numRuns: 150 },
    );
  });

  it('comes out when it has more runs and more data than one batch holds', () => {
    const scattered = Array.from({ length: 9000 }, (_, gfn): TestPage => {
      return gfn % 2 === 0 ? 'zero' : 'unpopulated';
    });
    const kinds = [...scattered, ...Array<TestPage>(1100).fill('data')];
    const domain: TestDomain = { kinds, seed: 5, sectionBytes: 1, state: 1 };
    const received = new ReceivedDomain();
    const reader = new StreamReader(received);
    for (const chunk of writeDomain(domain, { chunkBytes: 8 << 20 })) reader.push(chunk);
    reader.finish();
    expectReceived(received, domain);
  });

  it('comes out when it arrives byte by byte', () => {
    const domain: TestDomain = {
      kinds: ['data', 'zero', 'data', 'unpopulated'],
      seed: 9,
      sectionBytes: 9000,
      state: { ports: [1, 2] },
    };
    const received = new ReceivedDomain();
    const reader = new StreamReader(received);
    for (const chunk of writeDomain(domain)) {
      for (let at = 0; at < chunk.length; at++) reader.push(chunk.subarray(at, at + 1));
    }
    reader.finish();
    expectReceived(received, domain);
  });
});

describe('a writer', () => {
  it('fills chunks of the size asked for, also from one buffer used again and again', () => {
    const domain: TestDomain = {
      kinds: Array.from({ length: 300 }, (_, gfn) => (gfn % 3 === 0 ? 'data' : 'zero')),
      seed: 3,
      sectionBytes: 100_000,
      state: null,
    };
    const chunkBytes = 64 << 10;
    const buffer = new Uint8Array(chunkBytes);
    const chunks = writeDomain(domain, { chunkBytes, allocate: () => buffer });
    expect(chunks.every((chunk) => chunk.length <= chunkBytes)).toBe(true);
    expect(chunks.slice(0, 5).every((chunk) => chunk.length > chunkBytes - 5000)).toBe(true);
    const received = new ReceivedDomain();
    const reader = new StreamReader(received);
    for (const chunk of chunks) reader.push(chunk);
    reader.finish();
    expectReceived(received, domain);
  });

  it('spends eight bytes on a run of empty pages, however long', () => {
    const large = 1 << 20;
    const bytesFor = (pages: number): number => {
      const writer = new StreamWriter(() => undefined);
      writer.config({ ...CONFIG, memory: { pages } });
      writer.addEmptyPages(PageKind.zero, 0, pages);
      writer.flush();
      return writer.bytes;
    };
    expect(bytesFor(large)).toBeLessThan(bytesFor(1) + 16);
  });

  it('leaves blocks of zeros out of the engine state', () => {
    const writer = new StreamWriter(() => undefined);
    writer.config(CONFIG);
    const before = writer.bytes;
    const vga = new Uint8Array(2 << 20);
    vga[1_000_000] = 1;
    writer.engineState('vga-memory', vga);
    expect(writer.bytes - before).toBeLessThan(PAGE_BYTES + 100);
  });

  it('takes records only between its configuration and its end', () => {
    const writer = new StreamWriter(() => undefined);
    expect(() => writer.domainState({})).toThrow('no record goes here');
    expect(() => writer.addEmptyPages(PageKind.zero, 0, 1)).toThrow('no record goes here');
    writer.config(CONFIG);
    expect(() => writer.config(CONFIG)).toThrow('one config record');
    expect(() => writer.engineState('No Name', new Uint8Array(1))).toThrow(RangeError);
    writer.end();
    expect(() => writer.end()).toThrow('no record goes here');
  });

  it('reports the same fingerprint as the reader', () => {
    const chunks: Uint8Array[] = [];
    const writer = new StreamWriter((chunk) => chunks.push(chunk));
    writer.config(CONFIG);
    writer.addEmptyPages(PageKind.unpopulated, 0, 4);
    writer.engineState('cpu', new Uint8Array(3).fill(1));
    writer.domainState({});
    expect(writer.end()).toEqual(verifyStream(Buffer.concat(chunks)));
  });
});
