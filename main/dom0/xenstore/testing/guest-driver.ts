import { encodeMessage, MessageReader, splitStrings } from '../codec.ts';
import type { CloseReason, XenstoreConnection, XenstorePeer } from '../connection.ts';
import { XsType } from '../wire.ts';

/** What came back for a request: text (latin1) without its final NUL, or `!` and the error's name. */
export type Answer = string;

/**
 * A client of the store as a kernel's driver or a tool would be one: it speaks the byte stream and
 * knows nothing of the store's inside.
 */
export class GuestDriver implements XenstorePeer {
  readonly connection: XenstoreConnection;
  readonly events: [path: string, token: string][] = [];
  /** Why the connection ended. */
  ended: CloseReason | undefined;
  /** When false, output is refused after the next piece, as by a full ring. */
  reading = true;
  /** Bytes handed over so far. */
  bytesReceived = 0;
  resets = 0;
  readonly #reader = new MessageReader();
  readonly #answers = new Map<number, Answer>();
  #lastId = 0;

  constructor(connect: (peer: XenstorePeer) => XenstoreConnection) {
    this.connection = connect(this);
  }

  send(bytes: Uint8Array): boolean {
    this.bytesReceived += bytes.length;
    this.#reader.feed(bytes);
    for (let message = this.#reader.next(); message; message = this.#reader.next()) {
      const text = message.payload.toString('latin1');
      if (message.type === XsType.watchEvent) {
        const [path = '', token = ''] = splitStrings(message.payload);
        this.events.push([path, token]);
      } else if (message.type === XsType.error) {
        this.#answers.set(message.reqId, `!${text.slice(0, -1)}`);
      } else this.#answers.set(message.reqId, text);
    }
    return this.reading;
  }

  closed(reason: CloseReason): void {
    this.ended = reason;
  }

  reset(): void {
    this.resets++;
    this.#reader.clear();
  }

  /** Sends a request without looking at the answer; returns its id. */
  post(type: number, payload: string | Uint8Array, txId = 0): number {
    const id = ++this.#lastId;
    this.connection.receive(encodeMessage(type, id, txId, payload));
    return id;
  }

  /** The answer to a posted request, if it has come. */
  answer(id: number): Answer | undefined {
    return this.#answers.get(id);
  }

  get answerCount(): number {
    return this.#answers.size;
  }

  /** Sends a request and returns its raw answer. */
  raw(type: number, payload: string | Uint8Array, txId = 0): Answer {
    const answer = this.answer(this.post(type, payload, txId));
    if (answer === undefined) throw new Error(`request of type ${type} was not answered`);
    return answer;
  }

  /** Sends NUL-terminated strings and returns the answer without its final NUL. */
  ask(type: number, strings: readonly string[], txId = 0): Answer {
    return this.raw(type, strings.map((text) => `${text}\0`).join(''), txId).replace(/\0$/, '');
  }

  read(path: string, txId = 0): Answer {
    return this.raw(XsType.read, `${path}\0`, txId);
  }

  write(path: string, value: string, txId = 0): Answer {
    return this.raw(XsType.write, `${path}\0${value}`, txId).replace(/\0$/, '');
  }

  mkdir(path: string, txId = 0): Answer {
    return this.ask(XsType.mkdir, [path], txId);
  }

  rm(path: string, txId = 0): Answer {
    return this.ask(XsType.rm, [path], txId);
  }

  /** Children of a node, or the error. */
  ls(path: string, txId = 0): string[] | string {
    const answer = this.raw(XsType.directory, `${path}\0`, txId);
    return answer.startsWith('!') ? answer : answer.split('\0').slice(0, -1);
  }

  perms(path: string, txId = 0): string {
    return this.ask(XsType.getPerms, [path], txId).replaceAll('\0', ' ');
  }

  setPerms(path: string, perms: readonly string[], txId = 0): Answer {
    return this.ask(XsType.setPerms, [path, ...perms], txId);
  }

  watch(path: string, token: string, depth?: number): Answer {
    return this.ask(XsType.watch, [path, token, ...(depth === undefined ? [] : [String(depth)])]);
  }

  unwatch(path: string, token: string): Answer {
    return this.ask(XsType.unwatch, [path, token]);
  }

  /** Opens a transaction and returns its id. */
  begin(): number {
    return Number(this.ask(XsType.transactionStart, ['']));
  }

  commit(txId: number): Answer {
    return this.ask(XsType.transactionEnd, ['T'], txId);
  }

  abort(txId: number): Answer {
    return this.ask(XsType.transactionEnd, ['F'], txId);
  }

  /** Takes the events that came since the last call. */
  takeEvents(): [path: string, token: string][] {
    return this.events.splice(0);
  }
}
