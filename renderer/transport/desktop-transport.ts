import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import { desktopPortMessage, type DesktopBridge } from '../../shared/desktop.contract.ts';
import { Reconnector, type OpenConnection } from './reconnector.ts';
import type { ApiClient, ConsoleChannel, ConsoleEvents, Transport } from './transport.ts';

/** The shell answers at once or not at all; then it is asked again. */
const PORT_TIMEOUT_MS = 5000;

export function openDesktopTransport(bridge: DesktopBridge): Transport {
  const ports = new DesktopPorts();
  const reconnector = new Reconnector(() => connect(bridge, ports));
  void reconnector.run();
  return {
    home: 'desktop',
    api: createORPCClient<ApiClient>(reconnector),
    connection: reconnector.connection,
    // Ports carry calls, not gigabytes; and the pages of the application may open no address.
    contents: null,
    connectNow: () => reconnector.connectNow(),
    openConsole: (domain, events) => openConsole(bridge, ports, domain, events),
  };
}

/** Sorts the ports that arrive as window messages. */
class DesktopPorts {
  onApiPort: ((port: MessagePort) => void) | null = null;
  readonly onConsolePort = new Map<string, (port: MessagePort) => void>();

  constructor() {
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const message = event.source === window ? desktopPortMessage(event.data) : null;
      const port = event.ports[0];
      if (message === null || port === undefined) return;
      if (message.kind === 'domus-port') this.onApiPort?.(port);
      else {
        this.onConsolePort.get(message.id)?.(port);
        this.onConsolePort.delete(message.id);
      }
    });
  }
}

async function connect(bridge: DesktopBridge, ports: DesktopPorts): Promise<OpenConnection> {
  const port = await new Promise<MessagePort>((resolve, reject) => {
    ports.onApiPort = resolve;
    setTimeout(() => reject(new Error('the shell sent no port')), PORT_TIMEOUT_MS);
    bridge.openApi();
  });
  const ended = new Promise<void>((resolve) => {
    port.addEventListener('close', () => resolve(), { once: true });
    // A later port replaces this one: the toolstack behind it started anew.
    ports.onApiPort = (next) => {
      next.close();
      port.close();
      resolve();
    };
  });
  const link = new RPCLink({ port });
  port.start();
  return { link, ended };
}

function openConsole(
  bridge: DesktopBridge,
  ports: DesktopPorts,
  domain: string,
  events: ConsoleEvents,
): ConsoleChannel {
  let port: MessagePort | null = null;
  let ours = true;
  const id = bridge.openConsole(domain);
  ports.onConsolePort.set(id, (arrived) => {
    if (!ours) return arrived.close();
    port = arrived;
    arrived.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (ours && event.data instanceof Uint8Array) events.frame(event.data);
    });
    arrived.addEventListener('close', () => {
      if (ours) events.closed();
      ours = false;
    });
    arrived.start();
    events.opened();
  });
  return {
    send: (frame) => port?.postMessage(frame),
    close: () => {
      ours = false;
      ports.onConsolePort.delete(id);
      port?.close();
    },
  };
}
