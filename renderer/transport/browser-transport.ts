import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { HttpContents } from './http-contents.ts';
import { Reconnector, ConnectionRefusal, type OpenConnection } from './reconnector.ts';
import type { ApiClient, ConsoleChannel, ConsoleEvents, Transport } from './transport.ts';

/** @param token null when the page was opened without one: then nothing is tried. */
export function openBrowserTransport(token: string | null): Transport {
  const reconnector = new Reconnector(() => connect(token));
  void reconnector.run();
  window.addEventListener('online', () => reconnector.connectNow());
  return {
    home: 'browser',
    api: createORPCClient<ApiClient>(reconnector),
    connection: reconnector.connection,
    contents: new HttpContents(token ?? ''),
    connectNow: () => reconnector.connectNow(),
    openConsole: (domain, events) =>
      openConsole(openSocket(`console?domain=${encodeURIComponent(domain)}`, token ?? ''), events),
  };
}

async function connect(token: string | null): Promise<OpenConnection> {
  if (token === null) {
    throw new ConnectionRefusal('This address has no token. Open the one that Domus printed.');
  }
  const socket = openSocket('rpc', token);
  const opened = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true), { once: true });
    socket.addEventListener('close', () => resolve(false), { once: true });
  });
  if (!opened) throw await whyNot();
  return {
    link: new RPCLink({ websocket: socket }),
    ended: new Promise((resolve) => {
      socket.addEventListener('close', () => resolve(), { once: true });
    }),
  };
}

/** A browser tells no reason for a refused WebSocket; whether the server answers HTTP tells it. */
async function whyNot(): Promise<Error> {
  try {
    const answer = await fetch(new URL('./', location.href), { method: 'HEAD', cache: 'no-store' });
    if (answer.ok) {
      return new ConnectionRefusal(
        'Domus does not accept this token; it was started anew, perhaps. Open the address that it printed.',
      );
    }
  } catch {
    // Nobody answers: the ordinary case of a server that is not running.
  }
  return new Error('not reachable');
}

function openSocket(path: string, token: string): WebSocket {
  const url = new URL(path, location.href);
  url.hash = '';
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, ['domus', `token.${token}`]);
  socket.binaryType = 'arraybuffer';
  return socket;
}

function openConsole(socket: WebSocket, events: ConsoleEvents): ConsoleChannel {
  let ours = true;
  socket.addEventListener('open', () => ours && events.opened());
  socket.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (ours && event.data instanceof ArrayBuffer) events.frame(new Uint8Array(event.data));
  });
  socket.addEventListener('close', () => {
    if (ours) events.closed();
    ours = false;
  });
  return {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(frame));
    },
    close: () => {
      ours = false;
      socket.close();
    },
  };
}
