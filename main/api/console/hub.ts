/** All consoles of the site, in the console worker: what its contract's calls do. */
import type { MessagePort } from 'node:worker_threads';
import type { Handlers } from '../../../shared/channel/channel.ts';
import { DomusError } from '../../../shared/errors.ts';
import type {
  ConsoleHubCalls,
  ConsoleViewerCalls,
} from '../../toolstack/control/console.contract.ts';
import { FramePort } from '../frame-port.ts';
import { DomainConsole } from './domain-console.ts';

const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

export class ConsoleHub {
  private readonly consoles = new Map<string, DomainConsole>();

  /** Served to the toolstack. */
  readonly hubCalls: Handlers<ConsoleHubCalls> = {
    'console.attach': async ({ uuid, name, state, rings, doorbell, printed, afresh }) => {
      const known = this.consoles.get(uuid);
      const console = known ?? new DomainConsole(name, state);
      this.consoles.set(uuid, console);
      console.setState(name, state);
      await console.attach(rings, doorbell, printed, afresh);
    },
    'console.state': ({ uuid, name, state }) => this.consoles.get(uuid)?.setState(name, state),
    'console.detach': ({ uuid }) => this.consoles.get(uuid)?.detach(),
    'console.forget': ({ uuid }) => {
      this.consoles.get(uuid)?.forget();
      this.consoles.delete(uuid);
    },
    'console.dmesg': ({ uuid }) => ({ text: this.consoles.get(uuid)?.dmesg() ?? '' }),
    'console.picture': ({ uuid }) => this.find(uuid).picture(),
    'console.printed': async ({ uuid }) => ({ text: await this.find(uuid).printed() }),
  };

  /** Served to the API's transports. */
  readonly viewerCalls: Handlers<ConsoleViewerCalls> = {
    'console.connect': ({ uuid, port }) => this.connect(uuid, port),
  };

  private connect(uuid: string, port: MessagePort): void {
    const console = this.consoles.get(uuid);
    if (!console) port.close();
    const { receive, leave } = this.find(uuid).addViewer({
      // Credit bounds what a console prints; a viewer that leaves all else unread is gone.
      send: (frame) => (pipe.unacknowledged > MAX_UNREAD_BYTES ? pipe.close() : pipe.send(frame)),
      close: () => pipe.close(),
    });
    const pipe: FramePort = new FramePort(port, {
      frame: (frame) => (typeof frame === 'string' ? pipe.close() : receive(frame)),
      closed: leave,
    });
  }

  private find(uuid: string): DomainConsole {
    const console = this.consoles.get(uuid);
    if (console) return console;
    throw new DomusError(
      'console.unknown',
      'This domain has not run since the program started: it has no console yet. Start it first.',
      {
        data: { uuid },
      },
    );
  }
}
