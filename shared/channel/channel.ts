/**
 * Control messages between two threads: calls with one answer each, and events without.
 *
 * A contract is two type parameters: the calls a side serves and the events it sends. Unknown
 * calls are refused at once, a call can have a deadline and be cancelled, and pending calls fail
 * when the peer goes away. Data does not travel here: that is what rings are for.
 */
import { DomusError } from '../errors.ts';
import type { ErrorData } from '../errors.ts';

/** `{ name: { params, result } }` */
export type CallMap = { [name: string]: { params: unknown; result: unknown } };
/** `{ name: payload }` */
export type EventMap = { [name: string]: unknown };

export interface CallContext {
  /** Aborted when the caller cancels, its deadline passes, or it goes away. */
  signal: AbortSignal;
}

export type Handlers<Calls extends CallMap> = {
  [Name in keyof Calls]: (
    params: Calls[Name]['params'],
    context: CallContext,
  ) => Calls[Name]['result'] | Promise<Calls[Name]['result']>;
};

/** What a channel needs of a message port: sending. Received messages are handed to `deliver`. */
export interface Outlet {
  post(message: ChannelMessage, transfer: readonly object[]): void;
}

export type ChannelMessage =
  | { kind: 'call'; id: number; name: string; params: unknown }
  | { kind: 'cancel'; id: number }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: ErrorData }
  | { kind: 'event'; name: string; payload: unknown };

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Objects whose ownership goes along: ports, array buffers. */
  transfer?: readonly object[];
}

interface Pending {
  name: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Results that carry objects to transfer (ports, buffers) are wrapped in this. */
export class Transferred<T> {
  readonly value: T;
  readonly transfer: readonly object[];
  constructor(value: T, transfer: readonly object[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

export class Channel<
  Remote extends CallMap,
  EventsIn extends EventMap,
  Local extends CallMap,
  EventsOut extends EventMap,
> {
  private readonly outlet: Outlet;
  private readonly handlers: Handlers<Local>;
  private readonly peerName: string;
  private readonly pending = new Map<number, Pending>();
  private readonly serving = new Map<number, AbortController>();
  private readonly listeners = new Map<keyof EventsIn, Set<(payload: never) => void>>();
  private nextId = 1;
  private closedBecause: DomusError | null = null;

  /** `peerName` names the other side in errors: "host alpha", "domain web1". */
  constructor(outlet: Outlet, peerName: string, handlers: Handlers<Local>) {
    this.outlet = outlet;
    this.peerName = peerName;
    this.handlers = handlers;
  }

  call<Name extends keyof Remote & string>(
    name: Name,
    params: Remote[Name]['params'],
    options: CallOptions = {},
  ): Promise<Remote[Name]['result']> {
    if (this.closedBecause) return Promise.reject(this.closedBecause);
    const id = this.nextId++;
    return new Promise<Remote[Name]['result']>((resolve, reject) => {
      const cleanup = this.armCancellation(id, name, options);
      this.pending.set(id, {
        name,
        resolve: (value) => (cleanup(), resolve(value as Remote[Name]['result'])),
        reject: (error) => (cleanup(), reject(error)),
      });
      this.outlet.post({ kind: 'call', id, name, params }, options.transfer ?? []);
    });
  }

  emit<Name extends keyof EventsOut & string>(
    name: Name,
    payload: EventsOut[Name],
    transfer: readonly object[] = [],
  ): void {
    if (!this.closedBecause) this.outlet.post({ kind: 'event', name, payload }, transfer);
  }

  /** Calls `listener` for every such event; returns its own undo. */
  on<Name extends keyof EventsIn>(
    name: Name,
    listener: (payload: EventsIn[Name]) => void,
  ): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Everything that arrives goes through here. */
  deliver(message: ChannelMessage): void {
    switch (message.kind) {
      case 'call':
        void this.serve(message.id, message.name, message.params);
        return;
      case 'cancel':
        this.serving.get(message.id)?.abort();
        return;
      case 'result':
        this.settle(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.settle(message.id)?.reject(DomusError.from(message.error));
        return;
      case 'event':
        for (const listener of this.listeners.get(message.name) ?? []) {
          listener(message.payload as never);
        }
        return;
    }
  }

  /** The peer is gone: pending calls fail with this, served ones are aborted. */
  close(reason: string): void {
    if (this.closedBecause) return;
    this.closedBecause = new DomusError('channel.closed', `${this.peerName} is gone: ${reason}`, {
      data: { peer: this.peerName },
    });
    for (const call of this.pending.values()) call.reject(this.closedBecause);
    this.pending.clear();
    for (const controller of this.serving.values()) controller.abort();
    this.serving.clear();
  }

  private settle(id: number): Pending | undefined {
    const call = this.pending.get(id);
    this.pending.delete(id);
    return call;
  }

  private async serve(id: number, name: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.serving.set(id, controller);
    try {
      const handler = Object.hasOwn(this.handlers, name) ? this.handlers[name] : undefined;
      if (!handler) throw new DomusError('channel.unknown-call', `there is no call "${name}"`);
      const result: unknown = await handler(params, { signal: controller.signal });
      if (result instanceof Transferred) {
        this.outlet.post({ kind: 'result', id, value: result.value }, result.transfer);
      } else {
        this.outlet.post({ kind: 'result', id, value: result }, []);
      }
    } catch (error) {
      this.outlet.post({ kind: 'error', id, error: DomusError.toData(error) }, []);
    } finally {
      this.serving.delete(id);
    }
  }

  private armCancellation(id: number, name: string, options: CallOptions): () => void {
    const giveUp = (code: string, why: string): void => {
      const call = this.settle(id);
      if (!call) return;
      this.outlet.post({ kind: 'cancel', id }, []);
      call.reject(
        new DomusError(code, `${this.peerName}: ${name} ${why}`, { data: { call: name } }),
      );
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => giveUp('channel.timeout', `did not answer within ${options.timeoutMs} ms`),
            options.timeoutMs,
          );
    const onAbort = (): void => giveUp('channel.cancelled', 'was cancelled');
    options.signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    };
  }
}
