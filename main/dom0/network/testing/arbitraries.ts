import fc from 'fast-check';

/** Bytes that look like frames as far as luck and a few planted values bring it. */
export const frames: fc.Arbitrary<Uint8Array> = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 400, size: 'max' }),
    etherType: fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x8100),
    versionAndLength: fc.constantFrom(0x45, 0x45, 0x46, 0x4f, 0x44, 0x60),
    totalBytes: fc.oneof(fc.constant(null), fc.nat(500)),
    protocol: fc.constantFrom(1, 6, 17, 99),
    fragment: fc.constantFrom(0, 0, 0x2000, 1),
    transportLength: fc.oneof(fc.constant(null), fc.nat(400)),
  })
  .map((plan) => {
    const frame = Uint8Array.from(plan.bytes);
    const view = new DataView(frame.buffer);
    const put16 = (at: number, value: number): void => {
      if (at + 2 <= frame.length) view.setUint16(at, value);
    };
    put16(12, plan.etherType);
    put16(14, plan.versionAndLength << 8);
    put16(16, plan.totalBytes ?? frame.length - 14);
    put16(20, plan.fragment);
    put16(22, 0x4000 | plan.protocol);
    if (plan.transportLength !== null) put16(38, plan.transportLength);
    return frame;
  });
