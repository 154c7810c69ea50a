import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Mailbox } from './mailbox.ts';
import { Topic } from './topic.ts';
import { unlessAborted, within } from './waiting.ts';

async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a mailbox', () => {
  test('gives a slow reader the newest state of each thing, never more items than things', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(5), fc.nat())), async (changes) => {
        const box = new Mailbox<[number, number]>({ limit: 100, keyOf: ([key]) => String(key) });
        for (const change of changes) box.put(change);
        box.close();
        const read: [number, number][] = [];
        for (let item = await box.next(); item; item = await box.next()) read.push(item);
        const newest = new Map(changes);
        expect(new Map(read)).toEqual(newest);
        expect(read).toHaveLength(newest.size);
      }),
    );
  });

  test('drops the oldest beyond its bound, and says how many', async () => {
    const box = new Mailbox<string>({ limit: 2, onGap: (count) => `${count} lost` });
    for (const item of ['a', 'b', 'c', 'd']) box.put(item);
    box.close();
    expect(await box.next()).toBe('2 lost');
    expect(await box.next()).toBe('c');
    expect(await box.next()).toBe('d');
    expect(await box.next()).toBeNull();
  });

  test('a thing that changes all the time does not starve the others', async () => {
    const box = new Mailbox<string>({ limit: 10, keyOf: (item) => item.slice(0, 1) });
    box.put('a1');
    box.put('b1');
    box.put('a2');
    expect(await box.next()).toBe('a2');
    expect(await box.next()).toBe('b1');
  });
});

describe('a topic', () => {
  test('gives each reader what came before and all after, until its signal', async () => {
    const topic = new Topic<number>({ limit: 10 });
    const leave = new AbortController();
    const reading = drain(topic.read(leave.signal, [1, 2]));
    topic.publish(3);
    leave.abort();
    topic.publish(4);
    expect(await reading).toEqual([1, 2, 3]);
  });

  test('knows its readers: those who left by return, by signal, and by the last item', async () => {
    const counts: number[] = [];
    const topic = new Topic<number>({ limit: 10 }, (count) => counts.push(count));
    const leave = new AbortController();
    const one = topic.read(leave.signal);
    const two = drain(topic.read(undefined, [], (item) => item === 2));
    for await (const item of topic.read(undefined, [0])) {
      expect(item).toBe(0);
      break;
    }
    expect(counts.at(-1)).toBe(2);
    leave.abort();
    expect(await drain(one)).toEqual([]);
    topic.publish(2);
    expect(await two).toEqual([2]);
    expect(counts.at(-1)).toBe(0);
  });

  test('an aborted signal from the start reads nothing and leaves nobody behind', async () => {
    let readers = 0;
    const topic = new Topic<number>({ limit: 10 }, (count) => (readers = count));
    const gone = AbortSignal.abort();
    expect(await drain(topic.read(gone))).toEqual([]);
    expect(readers).toBe(0);
  });
});

describe('waiting', () => {
  test('ends with the error it was given when it takes too long', async () => {
    const never = new Promise<void>(() => {});
    await expect(within(never, 1, () => new Error('late'))).rejects.toThrow('late');
    await expect(within(Promise.resolve(7), 1000, () => new Error('late'))).resolves.toBe(7);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(new Promise<void>(() => {}), controller.signal);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });
});
