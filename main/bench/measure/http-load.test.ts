import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HttpLoad, mostPerSecond, request } from './http-load.ts';

const PAGE = 'a page';

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a whole page is an answer', async () => {
  const port = await serve((_request, response) => void response.end(PAGE));
  const { askedAtMs, answeredAtMs } = await request(port, '/', PAGE.length);
  expect(answeredAtMs).toBeGreaterThanOrEqual(askedAtMs);
});

test.each<[string, RequestListener]>([
  ['reset', (_request, response) => void response.socket!.resetAndDestroy()],
  ['cut off', (_request, response) => void response.end(PAGE.slice(1))],
  ['refused by the server', (_request, response) => void response.writeHead(500).end(PAGE)],
  ['left open for a second', () => undefined],
])('one that is %s is lost', async (_how, answer) => {
  const port = await serve(answer);
  expect((await request(port, '/', PAGE.length)).answeredAtMs).toBeNull();
});

test('where nobody listens it is lost', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const free = (server.address() as AddressInfo).port;
  server.close();
  expect((await request(free, '/', PAGE.length)).answeredAtMs).toBeNull();
});

test('a load asks whether or not it is answered, and tells of each request once', async () => {
  let isUp = true;
  const port = await serve((_request, response) =>
    isUp ? response.end(PAGE) : response.socket!.resetAndDestroy(),
  );
  expect(await mostPerSecond(port, '/', PAGE.length, 200)).toBeGreaterThan(0);
  const load = new HttpLoad(() => port, '/', PAGE.length, 200);
  const requests: (number | null)[] = [];
  const enough = (): boolean => {
    requests.push(...load.take().map(({ answeredAtMs }) => answeredAtMs));
    return requests.length >= 20;
  };
  await vi.waitUntil(enough, { timeout: 10_000 });
  isUp = false;
  await vi.waitUntil(() => enough() && requests.includes(null), { timeout: 10_000 });
  const answered = requests.filter((answer) => answer !== null);
  expect(new Set(answered).size).toBe(answered.length);
  expect(await load.stop()).toBeInstanceOf(Array);
  expect(load.take()).toEqual([]);
});
