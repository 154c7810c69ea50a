import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { frameText, FrameType, parseFrame } from '../../../shared/console-protocol.ts';
import { FramePort } from '../frame-port.ts';
import { runServer } from '../testing/running-server.ts';

const TOKEN = 'a-test-token';
const bearer = { authorization: `Bearer ${TOKEN}` };
const soon = { interval: 5, timeout: 30_000 };

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** Below `fetch`, which would not send a foreign `Host`. */
function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

/** `open`, or the status that the upgrade was refused with. */
function upgrade(
  port: number,
  path: string,
  protocols: string[],
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; refused: number | null }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
  return new Promise((resolve) => {
    socket.on('open', () => resolve({ socket, refused: null }));
    socket.on('unexpected-response', (_request, response) =>
      resolve({ socket, refused: response.statusCode ?? 0 }),
    );
    socket.on('error', () => undefined);
  });
}

const ours = ['domus', `token.${TOKEN}`];

describe('the HTTP server', () => {
  it('answers calls of scripts, and describes them', async () => {
    await using running = await runServer();
    const { port } = running.server;
    expect(await get(port, '/api/hosts', bearer)).toMatchObject({ status: 200, body: '[]' });
    const description = await get(port, '/api/openapi.json', bearer);
    const document = JSON.parse(description.body) as { openapi: string; paths: object };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toContain('/domains/{domain}/migrate');
  });

  it('gives errors their code, sentence and status', async () => {
    await using running = await runServer();
    const { port } = running.server;
    const unknown = await get(port, '/api/hosts/gamma/remove', bearer, 'POST');
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.body)).toMatchObject({
      code: 'host.unknown',
      message: 'There is no host "gamma".',
      data: { host: 'gamma' },
    });
    const invalid = await get(port, '/api/hosts/not%20a%20name/remove', bearer, 'POST');
    expect(invalid.status).toBe(400);
    expect(JSON.parse(invalid.body)).toMatchObject({ code: 'input.invalid' });
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('refuses a call with %s', async (_what, headers) => {
    await using running = await runServer();
    const answer = await get(running.server.port, '/api/hosts', headers);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'http.no-token' });
  });

  it('refuses a name that was rebound to this machine, for pages as well as for calls', async () => {
    await using running = await runServer();
    const { port } = running.server;
    for (const path of ['/', '/api/hosts']) {
      const answer = await get(port, path, { ...bearer, host: `evil.example:${port}` });
      expect(answer.status).toBe(421);
    }
    expect((await get(port, '/api/hosts', { ...bearer, host: `localhost:${port}` })).status).toBe(
      200,
    );
  });

  it('refuses a foreign page even when it knows the token', async () => {
    await using running = await runServer();
    const { port } = running.server;
    const origin = 'https://evil.example';
    expect((await get(port, '/api/hosts', { ...bearer, origin })).status).toBe(403);
    expect((await get(port, '/api/hosts', { ...bearer, origin: 'null' })).status).toBe(403);
    expect((await upgrade(port, '/rpc', ours, { origin })).refused).toBe(403);
    const own = await upgrade(port, '/rpc', ours, { origin: `http://127.0.0.1:${port}` });
    expect(own.refused).toBeNull();
    own.socket.close();
  });

  it.each([
    ['without a token', ['domus']],
    ['with a wrong token', ['domus', 'token.wrong']],
    ['without our protocol', [`token.${TOKEN}`]],
  ])('refuses a WebSocket %s', async (_what, protocols) => {
    await using running = await runServer();
    expect((await upgrade(running.server.port, '/rpc', protocols)).refused).toBe(401);
  });

  it('never repeats the token as the protocol of a WebSocket', async () => {
    await using running = await runServer();
    const { socket } = await upgrade(running.server.port, '/rpc', ours);
    expect(socket.protocol).toBe('domus');
    socket.close();
  });

  it.each(['//', '/%', '/rpc/../../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/api', '/nothing'])(
    'survives a request for %s',
    async (path) => {
      await using running = await runServer();
      const { port } = running.server;
      expect((await get(port, path, bearer)).status).toBeGreaterThanOrEqual(400);
      expect((await upgrade(port, path, ours)).refused).toBe(404);
      expect((await get(port, '/api/hosts', bearer)).status).toBe(200);
    },
  );

  it('refuses a body that is too large', async () => {
    await using running = await runServer();
    const answer = await fetch(`${running.server.url}/api/hosts`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x'.repeat(200_000) }),
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      code: 'http.too-large',
      message: 'The body of a request has at most 128 KiB. Send less.',
    });
  });

  it('says of any bad request what is wrong, as code, message and data', async () => {
    await using running = await runServer();
    const told = async (body: string): Promise<unknown> => {
      const answer = await fetch(`${running.server.url}/api/hosts`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(400);
      return answer.json();
    };
    expect(await told('{bad')).toEqual({
      code: 'http.bad-body',
      message: 'The body of the request is not the JSON that its Content-Type announces.',
      data: {},
    });
    const wrong = await told('{"name":"","memoryMiB":"64","pcpus":0}');
    expect(wrong).toMatchObject({
      code: 'input.invalid',
      message:
        'name: a name is needed; memoryMiB: must be a number, not "64"; pcpus: must be at least 1, not 0',
    });
    expect(Object.keys(wrong as object)).toEqual(['code', 'message', 'data']);
  });

  it('ends a WebSocket that sends a frame beyond the limit, or nonsense', async () => {
    await using running = await runServer();
    for (const frame of ['x'.repeat(300_000), 'no JSON', '{"i":"1","p":{"u":7}}', '[]', 'null']) {
      const { socket } = await upgrade(running.server.port, '/rpc', ours);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.send(frame);
      await closed;
    }
    await vi.waitUntil(() => running.rpcConnections === 0, soon);
  });

  it('takes the next port when one is taken, and says when none is left', async () => {
    await using first = await runServer();
    await using second = await runServer({ port: first.server.port });
    expect(second.server.port).toBeGreaterThan(first.server.port);
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(65_535, '127.0.0.1', done));
    expect((taken.address() as AddressInfo).port).toBe(65_535);
    await expect(runServer({ port: 65_535 })).rejects.toMatchObject({ code: 'serve.port-taken' });
    taken.close();
  });

  it('serves the pages with a strict policy, and only what belongs to them', async () => {
    const rendererFolder = await mkdtemp(join(tmpdir(), 'domus-pages-'));
    await mkdir(join(rendererFolder, 'assets'));
    await writeFile(join(rendererFolder, 'index.html'), '<title>Domus</title>');
    await writeFile(join(rendererFolder, 'assets', 'main-1a2b.js'), 'run()');
    await using running = await runServer({ rendererFolder });
    const { port } = running.server;
    const page = await get(port, '/');
    expect(page).toMatchObject({ status: 200, body: '<title>Domus</title>' });
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    const script = await get(port, '/assets/main-1a2b.js');
    expect(script.headers['content-type']).toContain('text/javascript');
    expect(script.headers['cache-control']).toContain('immutable');
    expect((await get(port, '/../main/index.ts')).status).toBe(404);
    expect((await get(port, '/', {}, 'POST')).status).toBe(404);
  });
});

describe('a console over WebSocket', () => {
  it('carries frames both ways, unchanged', async () => {
    await using running = await runServer();
    const { socket } = await upgrade(running.server.port, '/console?domain=web1', ours);
    await vi.waitUntil(() => running.consoles.length === 1, soon);
    const received: Uint8Array[] = [];
    const far = new FramePort(running.consoles[0] as never, {
      frame: (frame) => void received.push(frame as Uint8Array),
      closed: () => undefined,
    });
    const fromServer = new Promise<Buffer>((resolve) => socket.on('message', resolve));
    far.send(Uint8Array.of(0, 255, 10));
    socket.send(Uint8Array.of(17, 1, 2, 3));
    expect([...(await fromServer)]).toEqual([0, 255, 10]);
    await vi.waitUntil(() => received.length === 1, soon);
    expect([...(received[0] as Uint8Array)]).toEqual([17, 1, 2, 3]);
    socket.close();
    await vi.waitUntil(() => far.closed, soon);
  });

  it('says why there is none, and closes', async () => {
    await using running = await runServer();
    const socket = new WebSocket(
      `ws://127.0.0.1:${running.server.port}/console?domain=nobody`,
      ours,
    );
    const message = new Promise<Buffer>((resolve) => socket.on('message', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const { type, payload } = parseFrame(await message) as { type: number; payload: Uint8Array };
    expect(type).toBe(FrameType.error);
    expect(JSON.parse(frameText(payload))).toMatchObject({ code: 'domain.unknown' });
    await closed;
  });

  it('stops reading from a viewer whose console does not take what it types', async () => {
    await using running = await runServer();
    const { socket } = await upgrade(running.server.port, '/console?domain=web1', ours);
    await vi.waitUntil(() => running.consoles.length === 1, soon);
    let taken = 0;
    const hold: (() => void)[] = [];
    const far = new FramePort(running.consoles[0] as never, {
      frame: (frame) => {
        taken += frame.length;
        return new Promise<void>((resolve) => hold.push(resolve));
      },
      closed: () => undefined,
    });
    for (let i = 0; i < 400; i++) socket.send(new Uint8Array(60_000));
    await vi.waitUntil(() => taken > 400_000, soon);
    const stopped = taken;
    expect(stopped).toBeLessThan(2_000_000);
    let released = 0;
    await vi.waitUntil(() => {
      released += hold.length;
      for (const release of hold.splice(0)) release();
      return released === 400;
    }, soon);
    expect(taken).toBe(400 * 60_000);
    far.close();
  });
});
