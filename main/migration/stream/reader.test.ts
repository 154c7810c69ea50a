import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DomusError } from '../../../shared/errors.ts';
import { CONFIG, forgeStream, jsonPayload, words } from '../testing/forged-stream.ts';
import type { ForgedRecord, ForgeOptions } from '../testing/forged-stream.ts';
import { ReceivedDomain } from '../testing/received-domain.ts';
import { SMALL_DOMAIN, writeDomain } from '../testing/written-stream.ts';
import { StreamReader } from './reader.ts';
import { restoreFromBuffer, verifyStream } from './restore.ts';
import {
  Feature,
  LinesOver,
  MAX_SECTION_BYTES,
  PAGE_BYTES,
  PageKind,
  RUN_KIND_SHIFT,
  RecordFlag,
  RecordType,
} from './stream.abi.ts';

const run = (kind: PageKind, firstGfn: number, count: number): number[] => [
  firstGfn,
  (kind << RUN_KIND_SHIFT) | count,
];
const emptyPages = (kind: PageKind, firstGfn: number, count: number): ForgedRecord => ({
  type: RecordType.pages,
  payload: words(0, 1, ...run(kind, firstGfn, count)),
});
const section = (name: string, totalBytes = 8): ForgedRecord => ({
  type: RecordType.engineState,
  payload: Buffer.concat([words(name.length, totalBytes, 0, 0), Buffer.from(name.padEnd(8, '\0'))]),
});
const config: ForgedRecord = { type: RecordType.config, payload: jsonPayload(CONFIG) };
const allPages = emptyPages(PageKind.zero, 0, 4);
const state: ForgedRecord = { type: RecordType.domainState, payload: jsonPayload({}) };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof DomusError) return error.code;
    throw error;
  }
  return 'accepted';
}

function verdict(records: ForgedRecord[], options: ForgeOptions = {}): string {
  return codeOf(() => verifyStream(forgeStream(records, options)));
}

describe('a damaged stream', () => {
  const stream = Buffer.concat(writeDomain(SMALL_DOMAIN));

  it('is refused for every single bit that flips', () => {
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const damaged = Buffer.from(stream);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        codeOf(() => verifyStream(damaged)),
        `bit ${bit}`,
      ).toMatch(/^stream\./);
    }
  });

  it('is refused when it is cut off at any byte', () => {
    for (let length = 0; length < stream.length; length++) {
      expect(codeOf(() => verifyStream(stream.subarray(0, length)))).toBe('stream.truncated');
    }
  });

  it('is refused when anything follows its end, at once or later', () => {
    const longer = Buffer.concat([stream, Buffer.alloc(1)]);
    expect(codeOf(() => verifyStream(longer))).toBe('stream.trailing-data');
    const reader = new StreamReader(new ReceivedDomain());
    reader.push(stream);
    expect(reader.ended).toBe(true);
    expect(codeOf(() => reader.push(Buffer.alloc(1)))).toBe('stream.trailing-data');
    expect(codeOf(() => reader.finish())).toBe('stream.trailing-data');
  });

  it('is refused when two of its records change places, or one is lost or doubled', () => {
    const other = section('other');
    const sent = (...rest: ForgedRecord[]): string => verdict([config, allPages, ...rest]);
    expect(sent({ ...state, sequence: 3 }, { ...other, sequence: 2 })).toBe('stream.out-of-order');
    expect(sent(other, { ...state, sequence: 4 })).toBe('stream.out-of-order');
    expect(sent(other, state, { ...state, sequence: 3 })).toBe('stream.out-of-order');
  });

  it('names the stream and the place, and says what to do', () => {
    const damaged = Buffer.from(stream);
    damaged[60] = (damaged[60] ?? 0) ^ 1;
    expect(() => verifyStream(damaged, 'the saved state of "web1"')).toThrow(
      /^the saved state of "web1", byte 32: .* does not match; .* save or send the domain again$/,
    );
  });

  it('fails the same way ever after', () => {
    const reader = new StreamReader(new ReceivedDomain());
    expect(codeOf(() => reader.push(Buffer.alloc(64, 7)))).toBe('stream.not-a-stream');
    expect(codeOf(() => reader.push(stream))).toBe('stream.not-a-stream');
    expect(codeOf(() => reader.finish())).toBe('stream.not-a-stream');
  });
});

describe('a stream from another version', () => {
  const whole = [config, allPages, section('cpu'), state];

  it('may bring records nobody knows here, if they are optional', () => {
    const unknown = { type: 0x7777, payload: Buffer.from('news') };
    const optional = { ...unknown, flags: RecordFlag.optional };
    expect(verdict([...whole, optional])).toBe('accepted');
    expect(verdict([...whole, unknown])).toBe('stream.unsupported');
    expect(verdict([...whole, { ...optional, flags: RecordFlag.optional | 2 }])).toBe(
      'stream.unsupported',
    );
  });

  it('is refused with another format version or an unknown required feature', () => {
    expect(verdict(whole, { version: 2 })).toBe('stream.unsupported');
    expect(verdict(whole, { requiredFeatures: 0x100 })).toBe('stream.unsupported');
    expect(verdict(whole)).toBe('accepted');
  });
});

describe('a forged stream', () => {
  const pages = (payload: Uint8Array): string =>
    verdict([config, { type: RecordType.pages, payload }]);

  it('cannot reach beyond the memory it announces', () => {
    for (const [first, count] of [
      [0, 5],
      [4, 1],
      [0xffff_ffff, 1],
      [3, 0xff_ffff],
      [1, 0],
    ] as const) {
      expect(pages(words(0, 1, ...run(PageKind.zero, first, count)))).toBe('stream.malformed');
    }
  });

  it('cannot claim pages, runs or kinds that are not there', () => {
    expect(pages(words(0, 2, ...run(PageKind.zero, 0, 1)))).toBe('stream.malformed');
    expect(pages(words(1, 1, ...run(PageKind.data, 0, 1)))).toBe('stream.malformed');
    expect(pages(words(0, 1, ...run(PageKind.data, 0, 1)))).toBe('stream.malformed');
    expect(pages(words(0, 0))).toBe('stream.malformed');
    expect(pages(words(0xffff_ffff, 1))).toBe('stream.malformed');
    expect(pages(words(0, 1, 0, (3 << RUN_KIND_SHIFT) | 1))).toBe('stream.malformed');
    expect(pages(new Uint8Array(3))).toBe('stream.malformed');
  });

  it('tells lines of pages that are there, over what is known, and all of their bytes', () => {
    const told = (payload: Uint8Array, features: number = Feature.live | Feature.lines): string => {
      const batch = { type: RecordType.lines, payload };
      const before = emptyPages(PageKind.zero, 0, 3);
      const rest = emptyPages(PageKind.zero, 3, 1);
      return verdict([config, before, batch, rest, section('cpu'), state], {
        requiredFeatures: features,
        dataPages: payload.length > 0 ? new DataView(payload.buffer).getUint32(0, true) : 0,
      });
    };
    const line = Array<number>(16).fill(7);
    expect(told(words(1, 0, 0, LinesOver.before, 1, 0, ...line))).toBe('accepted');
    expect(told(words(1, 0, 3, LinesOver.zeros, 0, 1, ...line))).toBe('accepted');
    // Over a page that did not come; of one beyond memory; over something unknown; no line at all.
    expect(told(words(1, 0, 3, LinesOver.before, 1, 0, ...line))).toBe('stream.malformed');
    expect(told(words(1, 0, 4, LinesOver.zeros, 1, 0, ...line))).toBe('stream.malformed');
    expect(told(words(1, 0, 0, 2, 1, 0, ...line))).toBe('stream.malformed');
    expect(told(words(1, 0, 0, LinesOver.before, 0, 0))).toBe('stream.malformed');
    // Fewer or more bytes than lines; fewer or more entries than pages.
    expect(told(words(1, 0, 0, LinesOver.before, 3, 0, ...line))).toBe('stream.malformed');
    expect(told(words(1, 0, 0, LinesOver.before, 1, 0, ...line, 1))).toBe('stream.malformed');
    expect(told(words(2, 0, 0, LinesOver.before, 1, 0, ...line))).toBe('stream.malformed');
    expect(told(words(0xffff_ffff, 0))).toBe('stream.malformed');
    expect(told(words(0, 0))).toBe('stream.malformed');
    // Where nobody said that there would be any; over pages of a stream that has each once.
    const fine = words(1, 0, 0, LinesOver.before, 1, 0, ...line);
    expect(told(fine, Feature.live)).toBe('stream.unsupported');
    expect(told(fine, Feature.lines)).toBe('stream.malformed');
  });

  it('sends a page once, unless it is a live one', () => {
    const again = [config, allPages, emptyPages(PageKind.unpopulated, 2, 1), section('cpu'), state];
    expect(verdict(again)).toBe('stream.malformed');
    expect(verdict(again, { requiredFeatures: Feature.live })).toBe('accepted');
  });

  it('sends an engine section once, unless it is a live one', () => {
    const again = [config, allPages, section('cpu'), section('cpu'), state];
    expect(verdict(again)).toBe('stream.malformed');
    expect(verdict(again, { requiredFeatures: Feature.live })).toBe('accepted');
  });

  it('begins with its one configuration and has each state once', () => {
    expect(verdict([allPages])).toBe('stream.malformed');
    expect(verdict([config, config])).toBe('stream.malformed');
    expect(verdict([config, allPages, section('cpu'), state, state])).toBe('stream.malformed');
    expect(verdict([], {})).toBe('stream.malformed');
  });

  it('is incomplete without every page, the engine state and the domain state', () => {
    const three = emptyPages(PageKind.zero, 0, 3);
    expect(verdict([config, three, section('cpu'), state])).toBe('stream.incomplete');
    expect(verdict([config, allPages, state])).toBe('stream.incomplete');
    expect(verdict([config, allPages, section('cpu')])).toBe('stream.incomplete');
  });

  it('must end with totals that fit', () => {
    const whole = [config, allPages, section('cpu'), state];
    expect(verdict(whole, { dataPages: 1 })).toBe('stream.corrupt');
    const stream = forgeStream(whole);
    const other = forgeStream([config, allPages, section('dev'), state]);
    const endBytes = 24 + 48;
    const exchanged = Buffer.concat([stream.subarray(0, -endBytes), other.subarray(-endBytes)]);
    expect(codeOf(() => verifyStream(exchanged))).toBe('stream.corrupt');
  });

  it('cannot make the receiver hold more than a machine has', () => {
    const huge = (count: number): ForgedRecord[] =>
      Array.from({ length: count }, (_, index) => section(`s${index}`, MAX_SECTION_BYTES));
    expect(verdict([config, ...huge(3)])).toBe('stream.too-large');
    expect(verdict([config, section('s', MAX_SECTION_BYTES + 1)])).toBe('stream.too-large');
    const many = Array.from({ length: 257 }, (_, index) => section(`s${index}`, 0));
    expect(verdict([config, ...many])).toBe('stream.too-large');
    const claims = Buffer.from(forgeStream([config], { end: false }));
    const header = Buffer.alloc(24);
    header.writeUInt32LE(RecordType.pages, 0);
    header.writeUInt32LE(0xffff_ffff, 8);
    header.writeUInt32LE(1, 12);
    expect(codeOf(() => verifyStream(Buffer.concat([claims, header])))).toBe('stream.too-large');
  });

  it('is refused for a configuration or a state that is not one', () => {
    const memory = { pages: 1 << 21 };
    const bad = (payload: Uint8Array): string => verdict([{ type: RecordType.config, payload }]);
    expect(bad(jsonPayload({ ...CONFIG, memory }))).toBe('stream.malformed');
    expect(bad(jsonPayload({ ...CONFIG, uuid: 'x' }))).toBe('stream.malformed');
    expect(bad(Buffer.from('{'))).toBe('stream.malformed');
    expect(bad(Buffer.from([0x22, 0xff, 0x22]))).toBe('stream.malformed');
    const payload = Buffer.from('['.repeat(100_000));
    expect(verdict([config, { type: RecordType.domainState, payload }])).toBe('stream.malformed');
  });

  it('never throws anything but a DomusError, whatever its payloads hold', () => {
    const record = fc.record({
      type: fc.constantFrom(...Object.values(RecordType), 99),
      flags: fc.constantFrom(0, 0, 1, 2),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(6), { maxLength: 24 }).map((values) => words(...values)),
      ),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), fc.boolean(), (records, live) => {
        const requiredFeatures = live ? Feature.live : 0;
        const code = verdict([config, ...records], { requiredFeatures });
        expect(code).toMatch(/^(stream\.|accepted)/);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws anything but a DomusError for bytes without any sense', () => {
    const start = Buffer.from(forgeStream([config], { end: false }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(start.length), (noise, kept) => {
        const code = codeOf(() => verifyStream(Buffer.concat([start.subarray(0, kept), noise])));
        expect(code).toMatch(/^stream\./);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a stream that was verified before', () => {
  it('is read without computing checksums, and with every other check', () => {
    const pages = { type: RecordType.pages, payload: words(0, 1, ...run(PageKind.zero, 0, 4)) };
    const stream = Buffer.from(forgeStream([config, pages, section('cpu'), state]));
    const reference = verifyStream(stream);
    stream.fill(0, stream.length - 48 - 4, stream.length - 48); // the end record's checksum
    expect(codeOf(() => verifyStream(stream))).toBe('stream.corrupt');
    const report = restoreFromBuffer(stream, new ReceivedDomain(), { verified: true });
    expect(report).toEqual(reference);
    const beyond = forgeStream([config, emptyPages(PageKind.zero, 0, 5)]);
    const read = (): unknown => restoreFromBuffer(beyond, new ReceivedDomain(), { verified: true });
    expect(codeOf(read)).toBe('stream.malformed');
  });

  it('may lie in shared memory', () => {
    const data = Buffer.alloc(PAGE_BYTES, 5);
    const payload = Buffer.concat([words(1, 2), data, words(...run(1, 1, 1), ...run(0, 0, 1))]);
    const two = { ...CONFIG, memory: { pages: 2 } };
    const stream = forgeStream(
      [
        { type: RecordType.config, payload: jsonPayload(two) },
        { type: RecordType.pages, payload },
        section('cpu'),
        state,
      ],
      { dataPages: 1 },
    );
    const shared = new Uint8Array(new SharedArrayBuffer(stream.length));
    shared.set(stream);
    for (const verified of [false, true]) {
      const domain = new ReceivedDomain();
      restoreFromBuffer(shared, domain, { verified });
      expect(Buffer.compare(domain.ram.subarray(PAGE_BYTES), data)).toBe(0);
    }
  });
});
