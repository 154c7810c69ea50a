/** The console worker as the toolstack sees it. What fails there never fails a domain. */
import type { MessagePort } from 'node:worker_threads';
import { Channel } from '../../../shared/channel/channel.ts';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import type { DomainState } from '../../../shared/contract/index.ts';
import type { ConsoleHubCalls, ConsoleHubEvents } from '../control/console.contract.ts';
import type { DomainSpec } from '../control/host.contract.ts';
import type { LogBook } from '../log/log-book.ts';

const CALL_TIMEOUT_MS = 30_000;

type Nothing = Record<never, never>;

export class ConsoleHub {
  private readonly channel: Channel<ConsoleHubCalls, ConsoleHubEvents, Nothing, Nothing>;
  private readonly log: LogBook;

  constructor(port: MessagePort, log: LogBook) {
    this.log = log;
    this.channel = new Channel<ConsoleHubCalls, ConsoleHubEvents, Nothing, Nothing>(
      { post: (message, transfer) => port.postMessage(message, transfer as MessagePort[]) },
      'the console worker',
      {},
    );
    port.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    port.on('close', () => this.channel.close('its port closed'));
    this.channel.on('log', ({ level, message, uuid }) =>
      log.write(level, 'console', message, uuid),
    );
  }

  /** Before the guest's first byte: nothing reads its ring until then. */
  async attach(
    spec: DomainSpec,
    state: DomainState,
    printed: string,
    afresh = false,
  ): Promise<void> {
    const { uuid, name, console: rings, doorbell } = spec;
    await this.channel.call(
      'console.attach',
      { uuid, name, state, rings, doorbell, printed, afresh },
      { timeoutMs: CALL_TIMEOUT_MS },
    );
  }

  state(uuid: string, name: string, state: DomainState): void {
    this.tell('console.state', { uuid, name, state });
  }

  detach(uuid: string): void {
    this.tell('console.detach', { uuid });
  }

  forget(uuid: string): void {
    this.tell('console.forget', { uuid });
  }

  async dmesg(uuid: string): Promise<string> {
    const { text } = await this.channel.call(
      'console.dmesg',
      { uuid },
      { timeoutMs: CALL_TIMEOUT_MS },
    );
    return text;
  }

  async printed(uuid: string): Promise<string> {
    const { text } = await this.channel.call(
      'console.printed',
      { uuid },
      { timeoutMs: CALL_TIMEOUT_MS },
    );
    return text;
  }

  picture(uuid: string): Promise<{ columns: number; rows: number; lines: string[] }> {
    return this.channel.call('console.picture', { uuid }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  private tell<Name extends keyof ConsoleHubCalls & string>(
    name: Name,
    params: ConsoleHubCalls[Name]['params'],
  ): void {
    this.channel
      .call(name, params, { timeoutMs: CALL_TIMEOUT_MS })
      .catch((error: unknown) => this.log.write('warning', 'console', `${name}: ${String(error)}`));
  }
}
