import type { Readable, Writable } from 'node:stream';
import {
  AgentDecoder,
  encodeRequest,
  type AgentEvent,
  type AgentRequest,
} from '../../../guest/agent-protocol.ts';

export interface CommandOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  readonly detached: boolean;
}

/** A plain host's end of an agent's line: keeps all events, and waits for the ones asked for. */
export class AgentLine {
  readonly events: AgentEvent[] = [];
  readonly #output: Writable;
  readonly #decoder = new AgentDecoder();
  readonly #waiting = new Set<() => void>();
  #nextId = 1;

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    input.on('data', (bytes: Buffer) => {
      this.events.push(...this.#decoder.push(bytes));
      for (const check of this.#waiting) check();
    });
  }

  send(request: AgentRequest): void {
    this.#output.write(encodeRequest(request));
  }

  sendRaw(text: string): void {
    this.#output.write(text);
  }

  newId(): number {
    return this.#nextId++;
  }

  /** The first event, come or still to come, that passes. */
  until(passes: (event: AgentEvent) => boolean): Promise<AgentEvent> {
    return new Promise((resolve) => {
      const check = (): void => {
        const event = this.events.find(passes);
        if (event === undefined) return;
        this.#waiting.delete(check);
        resolve(event);
      };
      this.#waiting.add(check);
      check();
    });
  }

  async exec(command: string, id = this.newId()): Promise<CommandOutcome> {
    this.send({ kind: 'exec', id, command, input: false });
    return this.outcome(id);
  }

  async outcome(id: number): Promise<CommandOutcome> {
    const exit = await this.until((event) => event.kind === 'exit' && event.id === id);
    if (exit.kind !== 'exit') throw new Error('not an exit');
    const end = this.events.indexOf(exit);
    const of = (stream: 'stdout' | 'stderr'): string =>
      Buffer.concat(
        this.events
          .slice(0, end)
          .flatMap((event) =>
            event.kind === 'output' && event.id === id && event.stream === stream
              ? [event.data]
              : [],
          ),
      ).toString('latin1');
    const { status, detached } = exit;
    return { stdout: of('stdout'), stderr: of('stderr'), status, detached };
  }
}
