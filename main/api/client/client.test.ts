import { describe, expect, it, vi } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { runServer } from '../testing/running-server.ts';
import type { RunningServer } from '../testing/running-server.ts';
import { DomusClient } from './client.ts';

const soon = { interval: 5, timeout: 30_000 };
const alpha = { name: 'alpha', memoryMiB: 256, pcpus: 2 };

function clientOf(running: RunningServer): DomusClient {
  return new DomusClient(() => ({ url: running.server.url, token: running.token }));
}

describe('the client', () => {
  it('calls the site and gets errors with code, sentence and data', async () => {
    await using running = await runServer();
    using client = clientOf(running);
    const host = await client.site.hosts.add(alpha);
    expect(host).toMatchObject({ name: 'alpha', memoryKiB: 262_144 });
    await expect(client.site.hosts.add(alpha)).rejects.toMatchObject({
      name: 'DomusError',
      code: 'host.exists',
      message: 'There is a host "alpha" already.',
      data: { host: 'alpha' },
    });
  });

  it('is told by the contract what is wrong with its input', async () => {
    await using running = await runServer();
    using client = clientOf(running);
    await expect(client.site.hosts.add({ ...alpha, name: '', memoryMiB: 1 })).rejects.toMatchObject(
      {
        code: 'input.invalid',
        message: expect.stringContaining('name: a name is needed') as string,
      },
    );
    expect(await client.site.hosts.list()).toEqual([]);
  });

  it('reads streams to their end, and their errors', async () => {
    await using running = await runServer();
    using client = clientOf(running);
    const messages: string[] = [];
    for await (const event of await client.site.site.events({ limit: 3 })) {
      messages.push(event.message.slice(0, 7));
    }
    expect(messages).toEqual(['event 0', 'event 1', 'event 2']);
    const broken = async (): Promise<void> => {
      for await (const event of await client.site.site.events({ limit: 13 })) void event;
    };
    await expect(broken()).rejects.toMatchObject({ code: 'site.broken', message: 'It broke.' });
  });

  it('ends a stream at the site when it leaves it, waits for nothing, or goes away', async () => {
    await using running = await runServer();
    const client = clientOf(running);
    for await (const event of await client.site.site.events({ follow: true })) {
      void event;
      break;
    }
    await vi.waitUntil(() => running.site.openStreams === 0, soon);

    const abort = new AbortController();
    const silent = await client.site.site.events(
      { follow: true, limit: 1 },
      { signal: abort.signal },
    );
    await silent.next();
    const waiting = silent.next();
    abort.abort();
    await waiting.catch(() => undefined);
    await vi.waitUntil(() => running.site.openStreams === 0, soon);

    const left = await client.site.site.events({ follow: true, limit: 1 });
    await left.next();
    client.close();
    await vi.waitUntil(() => running.site.openStreams === 0, soon);
  });

  it('fails what waits when the connection is lost, and connects again for the next call', async () => {
    const first = await runServer();
    let current = first;
    using client = new DomusClient(() => ({ url: current.server.url, token: current.token }));
    const stream = await client.site.site.events({ follow: true, limit: 1 });
    await stream.next();
    const waiting = stream.next();
    await first[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'connection.lost' });

    await using second = await runServer();
    current = second;
    expect(await client.site.hosts.list()).toEqual([]);
  });

  it('says that nothing answers, each time it is tried', async () => {
    const running = await runServer();
    await running[Symbol.asyncDispose]();
    using client = clientOf(running);
    await expect(client.site.hosts.list()).rejects.toMatchObject({ code: 'daemon.unreachable' });
    await expect(client.site.hosts.list()).rejects.toMatchObject({ code: 'daemon.unreachable' });
  });

  it('asks anew where the daemon is, after there was none', async () => {
    await using running = await runServer();
    const locate = vi.fn(() => ({ url: running.server.url, token: running.token }));
    locate.mockImplementationOnce(() => {
      throw new DomusError('daemon.not-running', 'No Domus runs.');
    });
    using client = new DomusClient(locate);
    await expect(client.site.hosts.list()).rejects.toMatchObject({ code: 'daemon.not-running' });
    expect(await client.site.hosts.list()).toEqual([]);
  });
});
