import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { FarEnd } from '../testing/links.ts';
import { MessageChannelMain } from '../testing/message-channel-main.ts';
import { MAX_FRAME_LENGTH, MAX_WAITING_LENGTH, relay } from './relay.ts';

let channel: MessageChannelMain;
let far: FarEnd;
let ended: number;
const page = () => channel.port2.port;

beforeEach(() => {
  channel = new MessageChannelMain();
  far = new FarEnd();
  ended = 0;
});

const start = (): (() => void) => relay(channel.port1, far.connect, () => ended++);

describe('frames', () => {
  it('pass unchanged from the page to the site, those before the start too', async () => {
    page().postMessage('{"i":1}');
    start();
    page().postMessage(new Uint8Array([17, 0, 255]));
    await far.until(({ sent }) => sent.length === 2);
    expect(far.sent).toEqual(['{"i":1}', new Uint8Array([17, 0, 255])]);
  });

  it('pass unchanged from the site to the page, as copies', async () => {
    start();
    const bytes = new Uint8Array([0, 1, 2]);
    const arrived = once(page(), 'message');
    far.answer(bytes);
    bytes.fill(9);
    expect(await arrived).toEqual([new Uint8Array([0, 1, 2])]);
  });

  it.each([
    ['a number', 5],
    ['null', null],
    ['an object', { i: 1 }],
    ['an array of bytes', [1, 2]],
    ['a buffer', new ArrayBuffer(4)],
    ['a frame that is too large', 'x'.repeat(MAX_FRAME_LENGTH + 1)],
  ])('that are %s end the link', async (_name, data) => {
    start();
    page().postMessage(data);
    await far.until(({ isClosed }) => isClosed);
    expect(far.sent).toEqual([]);
    expect(ended).toBe(1);
  });
});

describe('the end', () => {
  it('of the page’s port ends the link', async () => {
    start();
    page().close();
    await far.until(({ isClosed }) => isClosed);
    expect(ended).toBe(1);
  });

  it('of the link ends the page’s port', async () => {
    start();
    const closed = once(page(), 'close');
    page().start();
    far.end();
    await closed;
    expect(ended).toBe(1);
  });

  it('comes once', () => {
    const close = start();
    close();
    close();
    far.end();
    expect(ended).toBe(1);
    expect(far.isClosed).toBe(true);
  });

  it('comes when the page sends faster than the site takes', async () => {
    start();
    far.unacknowledged = MAX_WAITING_LENGTH + 1;
    page().postMessage('one more');
    await far.until(({ isClosed }) => isClosed);
    expect(far.sent).toEqual([]);
  });
});
