import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { createSmallSite } from '../testing/small-site.ts';
import { connectPort } from './port-client.ts';
import { createRpcServer } from './serve.ts';

const soon = { interval: 5, timeout: 30_000 };

function connect(): {
  site: ReturnType<typeof createSmallSite>;
  port: MessageChannel['port1'];
  connections: () => number;
} {
  const site = createSmallSite();
  const server = createRpcServer(site.api);
  const { port1, port2 } = new MessageChannel();
  server.connect(port2);
  return { site, port: port1, connections: () => server.connections };
}

describe('the API over a message port', () => {
  it('answers calls without a connection of any other kind', async () => {
    const { port } = connect();
    expect(await connectPort(port).hosts.list()).toEqual([]);
    port.close();
  });

  it('asks a stream for no more while its reader takes nothing', async () => {
    const { site, port } = connect();
    port.on('message', () => undefined); // takes, and never acknowledges
    port.postMessage(
      JSON.stringify({ i: '1', p: { u: '/site/events', b: { json: { follow: true } } } }),
    );
    await vi.waitUntil(() => site.taken > 500, soon);
    let seen = 0;
    await vi.waitUntil(() => seen === (seen = site.taken), { interval: 100, timeout: 30_000 });
    // 1 MiB of events of about 1.1 KB.
    expect(site.taken).toBeLessThan(1200);
    port.close();
    await vi.waitUntil(() => site.openStreams === 0, soon);
  });

  it('closes a client that has too many calls open', async () => {
    const { port, connections } = connect();
    const closed = new Promise((resolve) => port.on('close', resolve));
    port.start();
    for (let i = 0; i < 600; i++) {
      const call = {
        i: String(i),
        p: { u: '/site/events', b: { json: { follow: true, limit: 1 } } },
      };
      port.postMessage(JSON.stringify(call));
    }
    await closed;
    expect(connections()).toBe(0);
  });
});
