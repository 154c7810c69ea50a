import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KeptCode } from './kept-code.ts';

/** As the thread of a saved domain leaves it: said, and closed at its end. */
function leftBehind(code: string): { sender: MessagePort; kept: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port2.close());
  port1.postMessage(code);
  return { sender: port1, kept: port2 };
}

describe('code of saved domains', () => {
  test('is there for the file that it belongs to, once, when its sender is long gone', async () => {
    const code = new KeptCode();
    const { sender, kept } = leftBehind('translated');
    code.keep('1:2:3', kept);
    sender.close();
    await once(sender, 'close');
    expect(code.take('1:2:4')).toBeNull();
    expect(receiveMessageOnPort(code.take('1:2:3')!)).toEqual({ message: 'translated' });
    expect(code.take('1:2:3')).toBeNull();
  });

  test('is kept of the four that were saved last', async () => {
    const code = new KeptCode();
    const ports = ['a', 'b', 'c', 'd', 'e'].map((file) => {
      const { sender, kept } = leftBehind(file);
      code.keep(file, kept);
      return sender;
    });
    await once(ports[0]!, 'close');
    expect(code.take('a')).toBeNull();
    for (const file of ['b', 'c', 'd', 'e']) {
      expect(receiveMessageOnPort(code.take(file)!)).toEqual({ message: file });
    }
  });
});
