import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FrameType,
  frame,
  frameText,
  jsonFrame,
  MAX_INPUT_BYTES,
  parseFrame,
} from '../../shared/console-protocol.ts';
import { Value } from '../state/value.ts';
import type { ApiClient, Connection, ConsoleEvents, Transport } from '../transport/transport.ts';
import { ConsoleLink, type ConsoleScreen, type Size } from './console-link.ts';

/** The far end of a console's channel, as the test plays it. */
class FarEnd implements Transport {
  readonly contents = null;
  readonly home = 'browser';
  readonly api = {} as ApiClient;
  readonly connection = new Value<Connection>({ state: 'connected' });
  readonly received: Uint8Array[] = [];
  opened = 0;
  events: ConsoleEvents | null = null;

  connectNow(): void {}

  openConsole(_domain: string, events: ConsoleEvents) {
    this.opened++;
    this.events = events;
    return { send: (bytes: Uint8Array) => void this.received.push(bytes), close: () => undefined };
  }

  tell(type: FrameType, value: unknown): void {
    this.events?.frame(jsonFrame(type, value));
  }

  frames(type: FrameType): Uint8Array[] {
    return this.received
      .map((bytes) => parseFrame(bytes)!)
      .filter((parsed) => parsed.type === type)
      .map((parsed) => parsed.payload);
  }
}

class Screen implements ConsoleScreen {
  readonly shown: string[] = [];
  readonly unconsumed: (() => void)[] = [];
  elsewhere: Size | null = null;

  size(): Size {
    return { columns: 80, rows: 24 };
  }

  write(bytes: Uint8Array, consumed: () => void): void {
    this.shown.push(frameText(bytes));
    this.unconsumed.push(consumed);
  }

  redraw(bytes: Uint8Array, consumed: () => void): void {
    this.shown.length = 0;
    this.write(bytes, consumed);
  }

  resizedElsewhere(size: Size): void {
    this.elsewhere = size;
  }
}

describe('the wire of a console', () => {
  let far: FarEnd;
  let screen: Screen;
  let link: ConsoleLink;
  const state = { state: 'running', columns: 80, rows: 24 };

  beforeEach(() => {
    vi.useFakeTimers();
    far = new FarEnd();
    screen = new Screen();
    link = new ConsoleLink(far, 'uuid', screen);
    far.events?.opened();
    far.tell(FrameType.state, state);
  });
  afterEach(() => {
    link.dispose();
    vi.useRealTimers();
  });

  it('opens with the size of the screen', () => {
    const [open] = far.frames(FrameType.open);
    expect(JSON.parse(frameText(open!))).toEqual({ columns: 80, rows: 24 });
    expect(link.status.get()).toMatchObject({ link: 'open', domainState: 'running' });
  });

  it('gives credit only for what is on the screen, and for all of it', () => {
    const bytes = new Uint8Array(40 * 1024);
    far.events?.frame(frame(FrameType.output, bytes));
    expect(far.frames(FrameType.credit)).toHaveLength(0);
    screen.unconsumed.shift()?.();
    const [credit] = far.frames(FrameType.credit);
    expect(new DataView(credit!.buffer, credit!.byteOffset).getUint32(0, true)).toBe(40 * 1024);
  });

  it('cuts a long paste into frames that are allowed', () => {
    link.send(new Uint8Array(MAX_INPUT_BYTES * 2 + 5));
    expect(far.frames(FrameType.input).map((payload) => payload.length)).toEqual([
      MAX_INPUT_BYTES,
      MAX_INPUT_BYTES,
      5,
    ]);
  });

  it('follows the size that another viewer gave it', () => {
    far.tell(FrameType.state, { ...state, columns: 132 });
    expect(screen.elsewhere).toEqual({ columns: 132, rows: 24 });
  });

  it('opens again by itself after a loss, and begins anew with its credit', async () => {
    far.events?.frame(frame(FrameType.output, new Uint8Array(20 * 1024)));
    screen.unconsumed.shift()?.();
    far.events?.closed();
    expect(link.status.get().link).toBe('lost');
    await vi.advanceTimersByTimeAsync(300);
    expect(far.opened).toBe(2);
    far.events?.opened();
    far.tell(FrameType.state, state);
    far.events?.frame(frame(FrameType.output, new Uint8Array(20 * 1024)));
    screen.unconsumed.shift()?.();
    expect(far.frames(FrameType.credit)).toHaveLength(0);
  });

  it('waits for the connection while there is none', async () => {
    far.connection.set({ state: 'waiting', attempt: 1, retryAtMs: 0 });
    far.events?.closed();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(far.opened).toBe(1);
    far.connection.set({ state: 'connected' });
    expect(far.opened).toBe(2);
  });

  it('does not knock again where it was refused, until asked to', async () => {
    far.tell(FrameType.error, { code: 'console.none', message: 'web1 is off', data: {} });
    far.events?.closed();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(far.opened).toBe(1);
    expect(link.status.get().error?.message).toBe('web1 is off');
    link.reopen();
    expect(far.opened).toBe(2);
  });

  it('takes no harm from frames that are none', () => {
    far.events?.frame(new Uint8Array());
    far.events?.frame(frame(FrameType.state, new TextEncoder().encode('{nonsense')));
    far.tell(FrameType.state, { state: 'flying', columns: -1, rows: 0 });
    far.events?.frame(new Uint8Array([200, 1, 2]));
    expect(link.status.get()).toMatchObject({ link: 'open', domainState: 'running' });
  });
});
