import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOffMs, ConnectionRefusal, type OpenConnection, Reconnector } from './reconnector.ts';

/** Connections whose beginning and end the test decides. */
class Line {
  attempts = 0;
  outcome: 'open' | 'away' | 'refused' = 'open';
  end: () => void = () => undefined;

  readonly connect = (): Promise<OpenConnection> => {
    this.attempts++;
    if (this.outcome === 'refused') return Promise.reject(new ConnectionRefusal('wrong token'));
    if (this.outcome === 'away') return Promise.reject(new Error('away'));
    return Promise.resolve({
      link: { call: (path) => Promise.resolve(path.join('.')) },
      ended: new Promise((resolve) => {
        this.end = resolve;
      }),
    });
  };
}

describe('a connection that keeps itself open', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function started(line: Line): Promise<Reconnector> {
    const reconnector = new Reconnector(line.connect);
    void reconnector.run();
    await vi.advanceTimersByTimeAsync(0);
    return reconnector;
  }

  it('carries calls while it stands', async () => {
    const reconnector = await started(new Line());
    expect(reconnector.connection.get()).toEqual({ state: 'connected' });
    await expect(reconnector.call(['site', 'info'], undefined, { context: {} })).resolves.toBe(
      'site.info',
    );
  });

  it('refuses calls while it is gone, with a code that says so', async () => {
    const line = new Line();
    line.outcome = 'away';
    const reconnector = await started(line);
    await expect(
      reconnector.call(['site', 'info'], undefined, { context: {} }),
    ).rejects.toMatchObject({ code: 'connection.lost' });
  });

  it('connects again after it ended', async () => {
    const line = new Line();
    const reconnector = await started(line);
    line.end();
    await vi.advanceTimersByTimeAsync(1);
    expect(reconnector.connection.get().state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(300);
    expect(reconnector.connection.get().state).toBe('connected');
  });

  it('waits longer each time nobody answers, and not at all when told to try now', async () => {
    const line = new Line();
    line.outcome = 'away';
    const reconnector = await started(line);
    await vi.advanceTimersByTimeAsync(8000);
    expect(line.attempts).toBeLessThan(8);
    const before = line.attempts;
    line.outcome = 'open';
    reconnector.connectNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(line.attempts).toBe(before + 1);
    expect(reconnector.connection.get().state).toBe('connected');
  });

  it('does not knock on a door that said no', async () => {
    const line = new Line();
    line.outcome = 'refused';
    const reconnector = await started(line);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(line.attempts).toBe(1);
    expect(reconnector.connection.get()).toEqual({ state: 'refused', reason: 'wrong token' });
  });

  it('backs off to eight seconds and no further', () => {
    expect(backOffMs(1, () => 0)).toBe(250);
    expect(backOffMs(3, () => 0)).toBe(1000);
    expect(backOffMs(50, () => 0)).toBe(8000);
    expect(backOffMs(50, () => 1)).toBe(6000);
  });
});
