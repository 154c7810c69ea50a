import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { bzImage } from '../testing/bz-image.ts';
import { PagedMemory } from '../engine/testing/paged-memory.ts';
import { loadLinux } from './linux-loader.ts';
import { FIRMWARE_START, e820Map, memoryLayout } from './memory-layout.ts';

const MIB = 2 ** 20;
const layout = memoryLayout(8 * 1024);
const PARAMS = 0x90000;

interface Parts {
  kernel?: Uint8Array;
  initrd?: Uint8Array;
  cmdline?: string;
}
const code = Uint8Array.from({ length: 9000 }, (_, index) => index & 0xff);
function load({
  kernel = bzImage(code),
  initrd = new Uint8Array(0),
  cmdline = 'quiet',
}: Parts = {}) {
  const { memory } = new PagedMemory(layout.engineBytes);
  const entry = loadLinux(memory, layout, kernel, initrd, cmdline, FIRMWARE_START);
  return { memory, ...entry };
}
const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;
/** A good kernel with some bytes of its header replaced. */
function altered(at: number, ...bytes: number[]): Uint8Array {
  const kernel = bzImage(code);
  kernel.set(bytes, at);
  return kernel;
}

describe('loading a kernel', () => {
  it('puts code, initrd, command line and memory map where the boot protocol has them', () => {
    const initrd = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) & 0xff);
    const { memory, entry, params } = load({ initrd, cmdline: 'console=hvc0 ünder' });
    expect(Buffer.compare(memory.bytes.subarray(entry, entry + code.length), code)).toBe(0);
    const word = (offset: number): number => memory.view.getUint32(params + offset, true);
    const at = word(0x218);
    expect(word(0x21c)).toBe(initrd.length);
    expect(at % 4096).toBe(0);
    expect(at + initrd.length).toBeLessThanOrEqual(layout.highRamEnd);
    expect(Buffer.compare(memory.bytes.subarray(at, at + initrd.length), initrd)).toBe(0);
    const text = memory.bytes.subarray(word(0x228));
    expect(Buffer.from(text.subarray(0, text.indexOf(0))).toString()).toBe('console=hvc0 ünder');
    expect(word(0x070)).toBe(FIRMWARE_START);
    const entries = e820Map(layout);
    expect(memory.bytes[params + 0x1e8]).toBe(entries.length);
    entries.forEach(({ start, length, type }, index) => {
      const base = 0x2d0 + index * 20;
      expect([
        word(base),
        word(base + 4),
        word(base + 8),
        word(base + 12),
        word(base + 16),
      ]).toEqual([start, 0, length, 0, type]);
    });
    expect(params).toBe(PARAMS);
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a text', new Uint8Array(Buffer.from('#!/bin/sh\n'.repeat(1000)))],
    ['zeros', new Uint8Array(1 * MIB)],
    ['a file cut in its header', bzImage(code).slice(0, 0x210)],
    ['a kernel without the boot flag', altered(0x1fe, 0)],
    ['a kernel without its magic', altered(0x202, 0)],
    ['a kernel of before 2007', altered(0x206, 0x05, 0x02)],
    ['a kernel for low memory', altered(0x211, 0)],
  ])('refuses %s as no kernel', (_what, kernel) => {
    expect(() => load({ kernel })).toThrow(refusal('image.not-a-kernel'));
  });

  it('refuses what does not fit, with what it needs', () => {
    expect(() => load({ initrd: new Uint8Array(8 * MIB) })).toThrow(
      /need 11 MiB, the domain has 8 MiB/,
    );
    const greedy = altered(0x260, 0, 0, 0, 0x40); // 1 GiB to unpack itself
    expect(() => load({ kernel: greedy })).toThrow(refusal('image.too-large'));
    expect(() => load({ kernel: bzImage(new Uint8Array(9 * MIB)) })).toThrow(
      refusal('image.too-large'),
    );
    const low = altered(0x22c, 0, 0, 0, 0); // wants its initrd below 1 byte
    expect(() => load({ kernel: low, initrd: new Uint8Array(100) })).toThrow(
      refusal('image.too-large'),
    );
  });

  it('refuses a command line that is too long for this kernel, and takes the longest there can be', () => {
    expect(() => load({ cmdline: 'x'.repeat(256) })).toThrow(/256 bytes, this kernel takes 255/);
    expect(() => load({ cmdline: 'ü'.repeat(128) })).toThrow(refusal('image.cmdline-too-long'));
    load({ cmdline: 'x'.repeat(255) });
    const endless = altered(0x238, 0xff, 0xff, 0xff, 0xff);
    expect(() => load({ kernel: endless, cmdline: 'x'.repeat(4096) })).toThrow(
      refusal('image.cmdline-too-long'),
    );
    load({ kernel: endless, cmdline: 'x'.repeat(4095) });
  });

  it('loads or refuses any header, and never writes outside of the memory', () => {
    const damage = fc.array(
      fc.tuple(fc.integer({ min: 0x1f1, max: 0x28f }), fc.integer({ min: 0, max: 255 })),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(damage, fc.integer({ min: 0, max: 12_000 }), (changes, length) => {
        const kernel = bzImage(code);
        for (const [at, byte] of changes) kernel[at] = byte;
        try {
          load({ kernel: kernel.subarray(0, length), initrd: new Uint8Array(100) });
        } catch (error) {
          expect(error).toBeInstanceOf(DomusError);
        }
      }),
      { numRuns: 60 },
    );
  });
});
