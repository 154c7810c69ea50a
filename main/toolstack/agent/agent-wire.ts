/** The agent's line protocol, host side (see `main/guest/rootfs/lib/domus/agent`). */

export type AgentMessage =
  | { kind: 'hello'; version: number }
  | { kind: 'pong' | 'ok'; id: number }
  | { kind: 'out' | 'err'; id: number; bytes: Uint8Array }
  | { kind: 'exit'; id: number; status: number; detached: boolean }
  | { kind: 'refused'; id: number; reason: string };

/** A frame carries 32 KiB of output at most; a line longer than this is none of the agent's. */
const LONGEST_LINE = 64 * 1024;
/** Text of a command that goes on one line. */
const PART_CHARACTERS = 2048;

/** Bytes in, messages out; what makes no sense is counted and left out. */
export class AgentDecoder {
  /** Lines that were none of the protocol. */
  refused = 0;
  private line = '';
  private skipping = false;

  push(bytes: Uint8Array): AgentMessage[] {
    const messages: AgentMessage[] = [];
    let start = 0;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.take(text.slice(start, end));
      start = end + 1;
      const message = this.skipping ? null : parse(this.line);
      if (message) messages.push(message);
      else this.refused++;
      this.line = '';
      this.skipping = false;
    }
    this.take(text.slice(start));
    return messages;
  }

  private take(text: string): void {
    if (this.skipping) return;
    this.line += text;
    if (this.line.length <= LONGEST_LINE) return;
    this.line = '';
    this.skipping = true;
  }
}

function parse(line: string): AgentMessage | null {
  const [verb, first, ...rest] = line.replace(/\r$/, '').split(' ');
  if (!/^\d{1,9}$/.test(first ?? '')) return null;
  const id = Number(first);
  switch (verb) {
    case 'hello':
      return { kind: 'hello', version: id };
    case 'pong':
    case 'ok':
      return { kind: verb, id };
    case 'out':
    case 'err':
      return { kind: verb, id, bytes: Buffer.from(rest[0] ?? '', 'base64') };
    case 'exit': {
      const status = /^\d{1,3}$/.test(rest[0] ?? '') ? Number(rest[0]) : 255;
      return { kind: 'exit', id, status, detached: rest[1] === 'detached' };
    }
    case 'refused':
      return { kind: 'refused', id, reason: printable(rest.join(' ')) };
    default:
      return null;
  }
}

/** The lines that run `command`. */
export function execLines(id: number, command: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const byte of new TextEncoder().encode(command)) {
    part += PLAIN.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`;
    if (part.length < PART_CHARACTERS) continue;
    parts.push(part);
    part = '';
  }
  return [...parts.map((text) => `part ${id} ${text}`), `exec ${id} ${part}`];
}

const PLAIN = /[A-Za-z0-9_./:=,@%+-]/;

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
