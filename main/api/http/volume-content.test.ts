/** Contents of volumes over real connections, with the toolstack's own storage behind them. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { Volume } from '../../../shared/contract/index.ts';
import { qemuCheck, qemuImg, qemuIo } from '../../dom0/block/testing/qemu-img.ts';
import { openVolume } from '../../toolstack/storage/open-volume.ts';
import { Transfers } from '../../toolstack/storage/transfers.ts';
import { createVolume } from '../../toolstack/storage/volumes.ts';
import { TestStorage } from '../../toolstack/testing/test-storage.ts';
import { portChannel } from '../port-channel.ts';
import { runServer } from '../testing/running-server.ts';
import type { RunningServer } from '../testing/running-server.ts';
import type { ContentCalls } from '../../toolstack/control/content.contract.ts';

const MIB = 2 ** 20;
const TOKEN = 'a-test-token';
const { parts, folder } = await TestStorage.open();
const { storage } = parts;
const pool = storage.pools.get('default');
const at = (name: string): string => pool.folder.at(name);
type None = Record<never, never>;

/** `mostBytes`: that there seems to be room for. */
async function runContent(mostBytes?: number): Promise<RunningServer> {
  const { port1, port2 } = new MessageChannel();
  const { handlers } = new Transfers(parts);
  portChannel<None, None, ContentCalls>(port1, 'the API', {
    ...handlers,
    'content.receive': async (...call) => {
      const begun = await handlers['content.receive'](...call);
      return { ...begun, mostBytes: mostBytes ?? begun.mostBytes };
    },
  });
  const content = portChannel<ContentCalls>(port2, 'the toolstack', {});
  const running = await runServer({ content });
  return {
    ...running,
    rpcConnections: 0,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      port1.close();
    },
  };
}

const headers = { authorization: `Bearer ${TOKEN}` };
const url = ({ server }: RunningServer, volume: string, query = ''): string =>
  `${server.url}/api/volumes/default/${volume}/content${query}`;

async function put(to: string, body: BodyInit): Promise<{ status: number; body: unknown }> {
  const init = { method: 'PUT', headers, body, duplex: 'half' } as const;
  const answer = await fetch(to, init as RequestInit);
  return { status: answer.status, body: await answer.json() };
}

const unfinished = (): string[] =>
  readdirSync(pool.folder.workshop).filter((name) => name.endsWith('.part'));

describe('the content of a volume', () => {
  it('is taken and given as it is, and its zeros take no room', async () => {
    await using running = await runContent();
    const content = Buffer.alloc(32 * MIB);
    randomBytes(MIB).copy(content, 5 * MIB);
    const sent = await put(url(running, 'a', '?format=raw'), content);
    expect(sent.status).toBe(200);
    expect(Volume.parse(sent.body)).toMatchObject({ format: 'raw', bytes: 32 * MIB });
    expect(readFileSync(at('a')).equals(content)).toBe(true);
    expect(statSync(at('a')).blocks * 512).toBeLessThan(3 * MIB);
    const got = await fetch(url(running, 'a'), { headers });
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'content-length': String(32 * MIB),
      'content-disposition': 'attachment; filename="a"',
    });
    expect(digest(Buffer.from(await got.arrayBuffer()))).toBe(digest(content));
    const head = await fetch(url(running, 'a'), { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(32 * MIB)]);
    const chunked = await put(
      url(running, 'b', '?format=raw'),
      Readable.toWeb(Readable.from([content, content.subarray(0, 1000)])) as BodyInit,
    );
    expect(chunked.status).toBe(200);
    expect(statSync(at('b')).size).toBe(32 * MIB + 1000);
  });

  it('is what it is said to be, whole, or nothing is made', async () => {
    await using running = await runContent();
    const image = join(folder, 'image.qcow2');
    qemuImg('create', '-f', 'qcow2', image, '64M');
    qemuIo(image, 'write -P 9 1M 1M');
    const good = await put(url(running, 'good', '?format=qcow2'), readFileSync(image));
    expect(Volume.parse(good.body)).toMatchObject({ format: 'qcow2', bytes: 64 * MIB });
    expect(qemuCheck(at('good'))).toBe('clean');
    qemuIo(at('good'), 'read -P 9 1M 1M');

    const overlay = join(folder, 'overlay.qcow2');
    qemuImg('create', '-f', 'qcow2', '-F', 'qcow2', '-b', image, overlay);
    const outside = join(folder, 'outside.qcow2');
    const data = `data_file=${join(folder, 'data.raw')}`;
    qemuImg('create', '-f', 'qcow2', '-o', data, outside, '1M');
    for (const [bytes, format, code] of [
      [readFileSync(overlay), 'qcow2', 'disk.unsupported'],
      [readFileSync(outside), 'qcow2', 'disk.unsupported'],
      [randomBytes(1000), 'qcow2', 'disk.not-qcow2'],
      [readFileSync(image).subarray(0, 100), 'qcow2', 'disk.corrupt'],
      [
        readFileSync(image).subarray(0, readFileSync(image).length - 64 * 1024),
        'qcow2',
        'disk.corrupt',
      ],
      [Buffer.alloc(0), 'raw', 'volume.empty'],
      [randomBytes(10), 'vmdk', 'input.invalid'],
      [randomBytes(10), '', 'input.invalid'],
    ] as const) {
      const { status, body } = await put(url(running, 'bad', `?format=${format}`), bytes);
      expect({ code, body }).toMatchObject({ code, body: { code } });
      expect(status).toBe(code === 'input.invalid' ? 400 : 409);
      expect(existsSync(at('bad'))).toBe(false);
    }
    expect(unfinished()).toEqual([]);
  });

  it('that breaks off leaves what was there', async () => {
    await using running = await runContent();
    writeFileSync(at('kept'), 'before');
    for (const volume of ['kept', 'new']) {
      const socket = connect(running.server.port, '127.0.0.1');
      socket.write(
        `PUT /api/volumes/default/${volume}/content?format=raw HTTP/1.1\r\n` +
          `Host: 127.0.0.1:${running.server.port}\r\nAuthorization: Bearer ${TOKEN}\r\n` +
          `Content-Length: 1000000\r\n\r\n${'x'.repeat(10_000)}`,
      );
      await vi.waitFor(() => expect(unfinished()).toHaveLength(1));
      socket.destroy();
      await vi.waitFor(() => expect(unfinished()).toEqual([]));
    }
    expect(readFileSync(at('kept'), 'utf8')).toBe('before');
    expect(existsSync(at('new'))).toBe(false);
    const again = await put(url(running, 'kept', '?format=raw'), 'after');
    expect(again.status).toBe(200);
    expect(readFileSync(at('kept'), 'utf8')).toBe('after');
  });

  it('is refused while somebody uses it, or lies over it', async () => {
    await using running = await runContent();
    await createVolume(parts, { pool: 'default', volume: 'base', sizeMiB: 1 });
    const user = storage.user('domain web1');
    const open = await openVolume(storage, pool, 'base', { readOnly: false, user });
    const inUse = {
      code: 'disk.in-use',
      message: expect.stringContaining('domain web1') as string,
    };
    expect(await put(url(running, 'base', '?format=raw'), 'x')).toMatchObject({
      status: 409,
      body: inUse,
    });
    const got = await fetch(url(running, 'base'), { headers });
    expect([got.status, await got.json()]).toMatchObject([409, inUse]);
    await open.close();
    await createVolume(parts, { pool: 'default', volume: 'top', over: 'default/base' });
    expect(await put(url(running, 'base', '?format=raw'), 'x')).toMatchObject({
      body: { code: 'volume.has-overlays' },
    });
    const overlay = await fetch(url(running, 'top'), { headers });
    expect(await overlay.json()).toMatchObject({ code: 'volume.is-overlay' });
  });

  it('is for who has the token, and for names that volumes have', async () => {
    await using running = await runContent();
    for (const [path, status] of [
      ['/api/volumes/default/none/content', 404],
      ['/api/volumes/none/a/content', 404],
      ['/api/volumes/default/..%2f..%2fdomus.db/content', 404],
      ['/api/volumes/default/.domus/content', 404],
      ['/api/volumes/default/a/content/', 404],
    ] as const) {
      expect((await fetch(running.server.url + path, { headers })).status).toBe(status);
      expect((await fetch(running.server.url + path)).status).toBe(401);
      const foreign = { ...headers, origin: 'https://evil.example' };
      const status403 = (await fetch(running.server.url + path, { headers: foreign })).status;
      expect(status403).toBe(403);
    }
    const posted = await fetch(url(running, 'a'), { method: 'POST', headers, body: 'x' });
    expect(posted.status).toBe(404);
  });

  it('is not begun when there is no room for it', async () => {
    await using running = await runContent();
    const code = await new Promise((resolve, reject) => {
      const path = '/api/volumes/default/huge/content?format=raw';
      const length = { 'content-length': String(2 ** 50) };
      const request = httpRequest(
        { port: running.server.port, path, method: 'PUT', headers: { ...headers, ...length } },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            request.destroy();
            resolve((JSON.parse(text) as { code: string }).code);
          });
        },
      );
      request.on('error', reject);
      request.write('the first bytes');
    });
    expect(code).toBe('volume.no-space');
    expect(unfinished()).toEqual([]);
  });

  it('that outgrows the room is refused on its way, and its sender hears why', async () => {
    await using running = await runContent(3 * MIB);
    const content = Buffer.concat([Buffer.alloc(8 * MIB), randomBytes(8 * MIB)]);
    const stream = Readable.toWeb(Readable.from([content])) as BodyInit;
    expect(await put(url(running, 'outgrows', '?format=raw'), stream)).toMatchObject({
      status: 409,
      body: { code: 'volume.no-space' },
    });
    expect(existsSync(at('outgrows'))).toBe(false);
    expect(unfinished()).toEqual([]);
    const fits = Buffer.concat([Buffer.alloc(8 * MIB), randomBytes(2 * MIB)]);
    expect((await put(url(running, 'fits', '?format=raw'), fits)).status).toBe(200);
  });

  it('waits for a reader that does not read', async () => {
    await using running = await runContent();
    writeFileSync(at('large'), Buffer.alloc(64 * MIB, 1));
    const socket = connect(running.server.port, '127.0.0.1');
    socket.write(
      `GET /api/volumes/default/large/content HTTP/1.1\r\n` +
        `Host: 127.0.0.1:${running.server.port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    const user = storage.user('domain web1');
    const refusal = async (): Promise<string> => {
      try {
        await (await openVolume(storage, pool, 'large', { readOnly: false, user })).close();
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await refusal()).toContain('in use by the download of default/large, which reads it');
    socket.destroy();
    await vi.waitFor(async () => expect(await refusal()).toBe(''));
  });
});

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
