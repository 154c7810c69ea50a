import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage, MessageReader, onlyString, splitStrings } from './codec.ts';
import { chunked, messages } from './testing/arbitraries.ts';
import { PAYLOAD_MAX_BYTES, XsType } from './wire.ts';

describe('MessageReader', () => {
  it('gives back the messages of a stream however it is cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 3000 })), (sent, cuts) => {
        const stream = Buffer.concat(
          sent.map(({ type, reqId, txId, payload }) => encodeMessage(type, reqId, txId, payload)),
        );
        const reader = new MessageReader();
        const received = [];
        for (const chunk of chunked(stream, cuts)) {
          reader.feed(chunk);
          for (let message = reader.next(); message; message = reader.next()) {
            received.push({ ...message, payload: new Uint8Array(message.payload) });
          }
        }
        expect(received).toEqual(sent);
        expect(reader.pendingBytes).toBe(0);
      }),
    );
  });

  it('keeps the bytes of an unfinished message', () => {
    const reader = new MessageReader();
    const bytes = encodeMessage(XsType.read, 1, 0, 'path\0').subarray(0, 19);
    reader.feed(bytes);
    expect(reader.next()).toBeUndefined();
    expect(Buffer.from(reader.pending())).toEqual(bytes);
  });

  it('takes a payload of 4096 bytes and breaks at 4097', () => {
    const reader = new MessageReader();
    reader.feed(encodeMessage(XsType.write, 1, 0, new Uint8Array(PAYLOAD_MAX_BYTES)));
    expect(reader.next()?.payload.length).toBe(PAYLOAD_MAX_BYTES);
    expect(reader.broken).toBe(false);
    reader.feed(encodeMessage(XsType.write, 1, 0, new Uint8Array(PAYLOAD_MAX_BYTES + 1)));
    expect(reader.next()).toBeUndefined();
    expect(reader.broken).toBe(true);
  });
});

describe('strings of a payload', () => {
  it('are those that end with NUL', () => {
    expect(splitStrings(Buffer.from('a\0\0bc\0rest', 'latin1'))).toEqual(['a', '', 'bc']);
  });

  it('are exactly one where one is asked for', () => {
    expect(onlyString(Buffer.from('a\0'))).toBe('a');
    expect(onlyString(Buffer.from('a'))).toBeUndefined();
    expect(onlyString(Buffer.from('a\0b\0'))).toBeUndefined();
    expect(onlyString(Buffer.from(''))).toBeUndefined();
  });
});
