import headless from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terminalOutput } from '../testing/terminal-output.ts';
import { OutputCutter } from './output-cutter.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString('utf8');

function cutAll(chunks: Uint8Array[]): { whole: string; forViewers: string } {
  const cutter = new OutputCutter();
  const cuts = chunks.map((chunk) => cutter.push(chunk));
  const rest = cutter.flush();
  return {
    whole: Buffer.concat([...cuts.map((cut) => cut.whole), rest]).toString('latin1'),
    forViewers: Buffer.concat([...cuts.map((cut) => cut.forViewers), rest]).toString('latin1'),
  };
}

describe('output cutter', () => {
  it('lets plain text through as it is', () => {
    const cutter = new OutputCutter();
    const chunk = bytes('hello\r\nworld ◆ é');
    const cut = cutter.push(chunk);
    expect(text(cut.whole)).toBe('hello\r\nworld ◆ é');
    expect(cut.forViewers).toBe(cut.whole);
  });

  it('holds an unfinished sequence or character back until its rest comes', () => {
    const cutter = new OutputCutter();
    expect(text(cutter.push(bytes('a\x1b[3')).whole)).toBe('a');
    expect(text(cutter.push(bytes('1mb')).whole)).toBe('\x1b[31mb');
    const diamond = bytes('◆');
    expect(text(cutter.push(diamond.subarray(0, 1)).whole)).toBe('');
    expect(text(cutter.push(diamond.subarray(1)).whole)).toBe('◆');
  });

  it('lets an endless sequence through rather than holding it for ever', () => {
    const cutter = new OutputCutter();
    cutter.push(bytes(`\x1b]0;${'x'.repeat(3000)}`));
    const cut = cutter.push(bytes('y'.repeat(3000)));
    expect(cut.whole.length).toBe(6004);
    expect(cutter.heldBytes).toBe(0);
  });

  it.each([
    ['device attributes', '\x1b[c'],
    ['secondary attributes', '\x1b[>0c'],
    ['cursor position', '\x1b[6n'],
    ['private status', '\x1b[?6n'],
    ['mode request', '\x1b[?2026$p'],
    ['window size', '\x1b[18t'],
    ['version', '\x1b[>q'],
    ['keyboard protocol', '\x1b[?u'],
    ['setting request', '\x1bP$qm\x1b\\'],
    ['background colour', '\x1b]11;?\x07'],
    ['clipboard', '\x1b]52;c;?\x1b\\'],
    ['identify', '\x1bZ'],
    ['enquiry', '\x05'],
    ['eight-bit form', '\u009bc'],
    ['with a control character inside', '\x1b[\r6n'],
  ])('takes %s out of what viewers get', (_name, query) => {
    const cut = new OutputCutter().push(bytes(`a${query}b`));
    expect(text(cut.whole)).toBe(`a${query}b`);
    expect(text(cut.forViewers)).toBe('a\x1b\\b');
  });

  it.each([
    ['colour', '\x1b[31m'],
    ['scroll region', '\x1b[2;5r'],
    ['cursor style', '\x1b[2 q'],
    ['restore cursor', '\x1b[u'],
    ['title', '\x1b]0;what?\x07'],
    ['scroll up', '\x1b[3S'],
    ['soft reset', '\x1b[!p'],
    ['iconify', '\x1b[2t'],
  ])('leaves %s in', (_name, sequence) => {
    const cut = new OutputCutter().push(bytes(`a${sequence}b`));
    expect(text(cut.forViewers)).toBe(`a${sequence}b`);
  });

  it('neither loses nor changes a byte, however the output is split', () => {
    fc.assert(
      fc.property(
        fc.array(terminalOutput),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (parts, sizes) => {
          const all = Buffer.concat(parts);
          expect(cutAll(split(all, sizes)).whole).toBe(all.toString('latin1'));
        },
      ),
    );
  });

  it('gives viewers the same bytes, however the output is split', () => {
    fc.assert(
      fc.property(
        fc.array(terminalOutput),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (parts, sizes) => {
          const all = Buffer.concat(parts);
          expect(cutAll(split(all, sizes)).forViewers).toBe(cutAll([all]).forViewers);
        },
      ),
    );
  });

  it('leaves nothing that a terminal would answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(terminalOutput), async (parts) => {
        const { forViewers } = cutAll(parts);
        const terminal = new headless.Terminal({ allowProposedApi: true, logLevel: 'off' });
        const answers: string[] = [];
        terminal.onData((answer) => answers.push(answer));
        await new Promise<void>((done) => terminal.write(Buffer.from(forViewers, 'latin1'), done));
        terminal.dispose();
        expect(answers).toEqual([]);
      }),
    );
  });
});

function split(all: Uint8Array, sizes: Iterable<number>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= all.length) break;
    chunks.push(all.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
