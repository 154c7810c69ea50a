import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomusError } from '../../shared/errors.ts';
import { TargetSender } from './target-sender.ts';

describe('a control that moves faster than commands should', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function recorder(answer: () => Promise<unknown> = () => Promise.resolve()) {
    const sent: number[] = [];
    const sender = new TargetSender((mib) => {
      sent.push(mib);
      return answer();
    });
    return { sent, sender };
  }

  it('sends the first value at once', () => {
    const { sent, sender } = recorder();
    sender.ask(64);
    expect(sent).toEqual([64]);
  });

  it('leaves out values in between and always sends the last', async () => {
    const { sent, sender } = recorder();
    for (let mib = 64; mib <= 96; mib++) sender.ask(mib);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent).toEqual([64, 96]);
    expect(sender.state.get()).toEqual({ askedMiB: null, refusal: null });
  });

  it('has one call under way at a time', async () => {
    let answer = (): void => undefined;
    const { sent, sender } = recorder(() => new Promise<void>((resolve) => (answer = resolve)));
    sender.ask(64);
    sender.ask(80);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent).toEqual([64]);
    answer();
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([64, 80]);
  });

  it('tells why the last value was refused, until the next is asked', async () => {
    const refusal = new DomusError('host.out-of-memory', 'alpha has 8 MiB free');
    const { sender } = recorder(() => Promise.reject(refusal));
    sender.ask(512);
    await vi.advanceTimersByTimeAsync(200);
    expect(sender.state.get()).toEqual({ askedMiB: null, refusal: refusal.toJSON() });
    sender.ask(64);
    expect(sender.state.get()).toEqual({ askedMiB: 64, refusal: null });
  });

  it('says nothing of a refusal that a later value overtook', async () => {
    let first = true;
    const { sender } = recorder(() => {
      if (!first) return Promise.resolve();
      first = false;
      return Promise.reject(new DomusError('host.out-of-memory', 'too much'));
    });
    sender.ask(512);
    sender.ask(64);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.state.get()).toEqual({ askedMiB: null, refusal: null });
  });
});
