/**
 * The host's side of agent-protocol.md: requests to lines, and the guest's bytes to events. Pure.
 * The guest is not trusted: whatever it sends becomes an event or is dropped, at bounded cost.
 */

export const agentProtocolVersion = 1;
/** Longest command in bytes: Linux's MAX_ARG_STRLEN without its NUL. */
export const maxCommandBytes = 131_071;
/** Most bytes of input in one request. */
export const inputChunkBytes = 2880;
/** Most input requests of one job that may wait for their `took`. */
export const inputWindow = 8;

const maxRequestLine = 4000;
const maxEventLine = 44_000;
const maxId = 2 ** 31 - 1;

export type AgentSignal = 'HUP' | 'TERM' | 'KILL' | 'STOP' | 'CONT' | 'USR1' | 'USR2';

/** What a clone gets of its own; a field that is left out stays as it is in the guest. */
export interface GuestIdentity {
  /** RFC 1123 label, at most 63 characters. */
  readonly hostname?: string;
  /** Milliseconds since the epoch, fractions allowed. */
  readonly wallClockMs?: number;
  /** 32 lower-case hexadecimal digits. */
  readonly machineId?: string;
  /** 32 to 512 bytes. */
  readonly entropy?: Uint8Array;
}

export type AgentRequest =
  | { readonly kind: 'hello' | 'ping' | 'end-input'; readonly id: number }
  | {
      readonly kind: 'exec';
      readonly id: number;
      readonly command: string;
      readonly input: boolean;
    }
  | { readonly kind: 'input'; readonly id: number; readonly data: Uint8Array }
  | { readonly kind: 'kill'; readonly id: number; readonly signal: AgentSignal }
  | { readonly kind: 'identity'; readonly id: number; readonly identity: GuestIdentity }
  /** `wallClockMs` as in {@link GuestIdentity}: of the moment at which this is sent. */
  | { readonly kind: 'clock'; readonly id: number; readonly wallClockMs: number }
  | { readonly kind: 'size'; readonly id: number; readonly rows: number; readonly columns: number };

export type AgentEvent =
  | { readonly kind: 'hello'; readonly version: number }
  | { readonly kind: 'pong' | 'ok' | 'took'; readonly id: number }
  | {
      readonly kind: 'output';
      readonly id: number;
      readonly stream: 'stdout' | 'stderr';
      readonly data: Uint8Array;
    }
  | {
      readonly kind: 'exit';
      readonly id: number;
      readonly status: number;
      /** A process that the command left behind still held an output open. */
      readonly detached: boolean;
    }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };

/**
 * The request as bytes to write to the line, whole.
 *
 * @throws RangeError for a value outside the protocol's bounds.
 */
export function encodeRequest(request: AgentRequest): Uint8Array {
  check(Number.isInteger(request.id) && request.id >= 0 && request.id <= maxId, 'a request ID');
  return Buffer.from(requestLines(request), 'latin1');
}

function requestLines(request: AgentRequest): string {
  const { id } = request;
  switch (request.kind) {
    case 'hello':
    case 'ping':
      return `${request.kind} ${id}\n`;
    case 'exec':
      return execLines(id, request.input ? 'exec-in' : 'exec', request.command);
    case 'input':
      check(request.data.length > 0 && request.data.length <= inputChunkBytes, 'a chunk of input');
      return `in ${id} ${base64(request.data)}\n`;
    case 'end-input':
      return `in ${id} .\n`;
    case 'kill':
      return `kill ${id} ${request.signal}\n`;
    case 'identity':
      return `identity ${id} ${identityFields(request.identity)}\n`;
    case 'clock':
      return `clock ${id} ${clockFields(request.wallClockMs).join(' ')}\n`;
    case 'size':
      check(isDimension(request.rows) && isDimension(request.columns), "a terminal's size");
      return `size ${id} ${request.rows} ${request.columns}\n`;
  }
}

function execLines(id: number, verb: string, command: string): string {
  const bytes = Buffer.from(command);
  check(bytes.length <= maxCommandBytes && !bytes.includes(0), 'a command');
  const lines: string[] = [];
  let text = '';
  for (const byte of bytes) {
    if (text.length > maxRequestLine - 32) {
      lines.push(`part ${id} ${text}\n`);
      text = '';
    }
    text += escaped[byte];
  }
  return `${lines.join('')}${verb} ${id} ${text}\n`;
}

/** Each byte as the guest's shell reads it between `$'` and `'`. */
const escaped = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9_./:=,@%+-]/.test(character)
    ? character
    : `\\${byte.toString(8).padStart(3, '0')}`;
});

function identityFields(identity: GuestIdentity): string {
  const { hostname, wallClockMs, machineId, entropy } = identity;
  check(hostname === undefined || isHostname(hostname), 'a hostname');
  check(machineId === undefined || /^[0-9a-f]{32}$/.test(machineId), 'a machine ID');
  check(!entropy || (entropy.length >= 32 && entropy.length <= 512), 'a seed');
  return [
    hostname ?? '-',
    ...clockFields(wallClockMs),
    machineId ?? '-',
    entropy ? base64(entropy) : '-',
  ].join(' ');
}

/** An RFC 1123 label: what the guest takes for its name. */
export function isHostname(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

function clockFields(wallClockMs: number | undefined): [string, string] {
  if (wallClockMs === undefined) return ['-', '-'];
  check(wallClockMs >= 0 && wallClockMs < 2 ** 31 * 1000, 'a wall-clock time'); // i386: 32-bit time_t
  const microseconds = Math.floor(wallClockMs * 1000);
  return [String(Math.floor(microseconds / 1e6)), String(microseconds % 1e6)];
}

function isDimension(cells: number): boolean {
  return Number.isInteger(cells) && cells >= 1 && cells <= 1000;
}

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(`not ${what} that the guest's agent takes`);
}

/** Turns the guest's bytes into events, whatever the boundaries they arrive in. */
export class AgentDecoder {
  /** Lines that were dropped: too long, or outside the protocol. */
  droppedLines = 0;
  #parts: string[] = [];
  #length = 0;

  push(bytes: Uint8Array): AgentEvent[] {
    const events: AgentEvent[] = [];
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#append(text.slice(start, end));
      const event = this.#take();
      if (event !== undefined) events.push(event);
      else this.droppedLines += 1;
      start = end + 1;
    }
    this.#append(text.slice(start));
    return events;
  }

  /** Of a line beyond the limit only its length is kept. */
  #append(text: string): void {
    this.#length += text.length;
    if (this.#length <= maxEventLine) this.#parts.push(text);
    else this.#parts = [];
  }

  #take(): AgentEvent | undefined {
    const line = this.#length <= maxEventLine ? this.#parts.join('') : undefined;
    this.#parts = [];
    this.#length = 0;
    return line === undefined ? undefined : parseEvent(line);
  }
}

function parseEvent(line: string): AgentEvent | undefined {
  const [, verb, digits, rest = ''] = /^([a-z]+) (\d{1,10})(?: (.*))?$/.exec(line) ?? [];
  const id = Number(digits);
  if (verb === undefined || id > maxId) return undefined;
  switch (verb) {
    case 'hello':
      return { kind: 'hello', version: id };
    case 'pong':
    case 'ok':
    case 'took':
      return { kind: verb, id };
    case 'out':
    case 'err':
      return outputEvent(id, verb, rest);
    case 'exit':
      return exitEvent(id, rest);
    case 'refused':
      return { kind: 'refused', id, reason: rest.replace(/[^ -~]/g, '?') };
    default:
      return undefined;
  }
}

function outputEvent(id: number, verb: 'out' | 'err', rest: string): AgentEvent | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(rest) || rest.length % 4 !== 0) return undefined;
  const data = new Uint8Array(Buffer.from(rest, 'base64'));
  return { kind: 'output', id, stream: verb === 'out' ? 'stdout' : 'stderr', data };
}

function exitEvent(id: number, rest: string): AgentEvent | undefined {
  const [, status, detached] = /^(\d{1,3})( detached)?$/.exec(rest) ?? [];
  if (status === undefined || Number(status) > 255) return undefined;
  return { kind: 'exit', id, status: Number(status), detached: detached !== undefined };
}
