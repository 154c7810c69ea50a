import { describe, expect, test } from 'vitest';
import { PatientTurns } from './patient-turns.ts';

/** Calls that end when a test says so. */
function scene(patienceMs: number) {
  const begun: (PromiseWithResolvers<string> & { name: string })[] = [];
  const undone: string[] = [];
  const turns = new PatientTurns(patienceMs, () => new Error('late'));
  const call = (name: string) => (): Promise<string> => {
    const one = { ...Promise.withResolvers<string>(), name };
    begun.push(one);
    return one.promise;
  };
  const take = (name: string) => turns.take(call(name), (result) => void undone.push(result));
  const leave = (name: string) => turns.leave(async () => void (await call(name)()));
  const names = () => begun.map(({ name }) => name);
  return { turns, begun, undone, take, leave, names };
}

describe('turns', () => {
  test('come one after the other, in their order, also after one that failed', async () => {
    const { turns, begun, take, leave, names } = scene(60_000);
    const [first, second] = [take('first'), take('second')];
    const third = leave('third');
    expect(names()).toEqual(['first']);
    begun[0]!.reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await expect.poll(names).toEqual(['first', 'second']);
    begun[1]!.resolve('two');
    expect(await second).toBe('two');
    await expect.poll(names).toEqual(['first', 'second', 'third']);
    begun[2]!.resolve('');
    await third;
    await expect.poll(() => turns.isIdle).toBe(true);
  });

  test('are refused while a call hangs, and not made after it; what it brings late is taken back', async () => {
    const { turns, begun, undone, take, leave, names } = scene(20);
    const waiting = [take('hangs'), take('behind')];
    const behind = leave('has to be');
    for (const one of waiting) await expect(one).rejects.toThrow('late');
    await behind;
    expect(turns.isLate).toBe(true);
    await expect(take('refused')).rejects.toThrow('late');
    await leave('has to be, too');
    expect(names()).toEqual(['hangs']);
    begun[0]!.resolve('at last');
    await expect.poll(names).toEqual(['hangs', 'has to be']);
    expect(undone).toEqual(['at last']);
    begun[1]!.resolve('');
    await expect.poll(names).toEqual(['hangs', 'has to be', 'has to be, too']);
    begun[2]!.resolve('');
    await expect.poll(() => turns.isLate).toBe(false);
    const again = take('again');
    await expect.poll(names).toContain('again');
    begun[3]!.resolve('again');
    expect(await again).toBe('again');
  });

  test('that are many wait for as long as they move', async () => {
    const turns = new PatientTurns(200, () => new Error('late'));
    const short = (n: number) => () =>
      new Promise<number>((resolve) => setTimeout(() => resolve(n), 20));
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    expect(await Promise.all(numbers.map((n) => turns.take(short(n))))).toEqual(numbers);
  });

  test('that fail after they were given up fail nobody', async () => {
    const { turns, begun, take } = scene(20);
    await expect(take('hangs')).rejects.toThrow('late');
    begun[0]!.reject(new Error('stale file handle'));
    await expect.poll(() => turns.isIdle).toBe(true);
  });
});
