import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelHeadBytes, readKernelHeader } from './bzimage.ts';
import { writeKernel } from './testing/kernel-files.ts';

const judge = (kernel: Buffer, fileBytes = kernel.length): unknown =>
  readKernelHeader(kernel.subarray(0, kernelHeadBytes), fileBytes);

describe('readKernelHeader', () => {
  it('tells protocol and version of a kernel', () => {
    expect(judge(writeKernel())).toEqual({
      protocol: 0x020f,
      version: '6.1.0-test (someone@example.org) #1',
    });
  });

  it.each<[string, (head: Buffer) => void, string]>([
    ['without the boot flag', (head) => head.writeUInt16LE(0, 0x1fe), 'not-a-kernel'],
    ['without the magic', (head) => head.write('Hdr!', 0x202), 'not-a-kernel'],
    ['of protocol 2.05', (head) => head.writeUInt16LE(0x0205, 0x206), 'protocol-too-old'],
    ['that is a zImage', (head) => head.writeUInt8(0, 0x211), 'not-loaded-high'],
    ['for 64-bit processors', (head) => head.writeUInt16LE(3, 0x236), '64-bit'],
  ])('refuses a file %s', (_, change, problem) => {
    expect(judge(writeKernel(change))).toBe(problem);
  });

  it('refuses every truncation', () => {
    const kernel = writeKernel();
    for (let length = 0; length <= kernel.length - 16; length += 13) {
      const problem = judge(kernel.subarray(0, length), length);
      expect(problem).toBe(length < 0x268 ? 'not-a-kernel' : 'truncated');
    }
  });

  it('never fails, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(0x400), fc.nat(255)), { maxLength: 20 }), (changes) => {
        judge(writeKernel((head) => changes.forEach(([at, value]) => head.writeUInt8(value, at))));
      }),
    );
  });
});
