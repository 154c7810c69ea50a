import { describe, expect, it } from 'vitest';
import { isTrustedSender } from './sender-check.ts';

const page = { url: 'app://domus/', parent: null };
const contents = { mainFrame: page };

describe('a message is heard', () => {
  it('from our page in the top frame of our window', () => {
    expect(isTrustedSender({ sender: contents, senderFrame: page }, contents)).toBe(true);
  });
});

describe('a message is ignored', () => {
  it('when no window is open', () => {
    expect(isTrustedSender({ sender: contents, senderFrame: page }, null)).toBe(false);
  });

  it('when its frame is gone', () => {
    expect(isTrustedSender({ sender: contents, senderFrame: null }, contents)).toBe(false);
  });

  it('when it comes from a frame inside our page', () => {
    const inner = { url: 'app://domus/', parent: page };
    expect(isTrustedSender({ sender: contents, senderFrame: inner }, contents)).toBe(false);
  });

  it('when it comes from another window, even one that shows our page', () => {
    const other = { mainFrame: { url: 'app://domus/', parent: null } };
    const event = { sender: other, senderFrame: other.mainFrame };
    expect(isTrustedSender(event, contents)).toBe(false);
  });

  it('when the top frame shows something else', () => {
    const elsewhere = { mainFrame: { url: 'https://evil.example/', parent: null } };
    const event = { sender: elsewhere, senderFrame: elsewhere.mainFrame };
    expect(isTrustedSender(event, elsewhere)).toBe(false);
  });
});
