import { describe, expect, test } from 'vitest';
import { PatientCall } from './patient-call.ts';

/** Calls that end when a test says so. */
function calls(patienceMs: number) {
  const begun: PromiseWithResolvers<string>[] = [];
  const call = new PatientCall(
    () => {
      const one = Promise.withResolvers<string>();
      begun.push(one);
      return one.promise;
    },
    patienceMs,
    () => new Error('late'),
  );
  return { begun, call };
}

describe('a patient call', () => {
  test('is made once at a time; who comes meanwhile shares the one after it', async () => {
    const { begun, call } = calls(60_000);
    const first = call.answer();
    const [second, third] = [call.answer(), call.answer()];
    expect(begun).toHaveLength(1);
    begun[0]!.resolve('first');
    expect(await first).toBe('first');
    await expect.poll(() => begun.length).toBe(2);
    begun[1]!.resolve('second');
    expect(await Promise.all([second, third])).toEqual(['second', 'second']);
    expect(begun).toHaveLength(2);
  });

  test('that hangs is given up, not made again, and believed once it ends', async () => {
    const { begun, call } = calls(20);
    const waited = [call.answer(), call.answer()];
    for (const answer of waited) await expect(answer).rejects.toThrow('late');
    expect(call.isLate).toBe(true);
    for (let count = 0; count < 5; count++) await expect(call.answer()).rejects.toThrow('late');
    expect(begun).toHaveLength(1);
    begun[0]!.resolve('at last');
    await expect.poll(() => begun.length).toBe(2); // somebody had asked meanwhile
    begun[1]!.resolve('nobody waits for it');
    await expect.poll(() => call.isLate).toBe(false);
    const again = call.answer();
    begun[2]!.resolve('again');
    expect(await again).toBe('again');
  });

  test('that fails fails for who asked, and is made anew for the next', async () => {
    const { begun, call } = calls(60_000);
    const [first, second] = [call.answer(), call.answer()];
    begun[0]!.reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await expect.poll(() => begun.length).toBe(2);
    begun[1]!.resolve('whole');
    expect(await second).toBe('whole');
  });
});
