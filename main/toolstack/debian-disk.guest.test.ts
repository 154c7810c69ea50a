/** The Debian image with a disk: built from packages, and the domains that it makes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Image } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { resolveHome } from './home.ts';
import { join } from 'node:path';
import { ImageStore } from './images/index.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const GIB = 2 ** 30;
/** What a machine without these tools, or without a way to Debian's packages, cannot do. */
const NOT_HERE =
  /^image\.(missing-tools|unsupported-machine|apt-failed|network|not-found|no-space)$/;
const NO_PACKAGES = /Failed to fetch|Temporary failure|Unable to connect/;

let site: TestSite;
let image: Image;
let whyNot: string | null = null;

beforeAll(async () => {
  const store = new ImageStore({ directory: join(resolveHome().cache, 'images') });
  try {
    // From the cache where today's recipe has made it before.
    await store.ensure({ recipe: 'debian' });
  } catch (error) {
    const excuse =
      error instanceof DomusError && (NOT_HERE.test(error.code) || NO_PACKAGES.test(error.message));
    if (!excuse) throw error;
    whyNot = error.message;
    return;
  }
  site = await TestSite.open();
  image = (await site.api.images.list({})).find(({ name }) => name === 'debian')!;
  const interfaces = [{ network: 'default' }];
  await site.create('web1', { image: 'debian', diskSizeMiB: 5 * 1024, interfaces });
}, 580_000);
afterAll(() => site.close().catch(() => undefined));

const guest = test.extend<{ needed: void }>({
  needed: [
    async ({ skip }: { skip(why: string): void }, use: () => Promise<void>) => {
      if (whyNot !== null) skip(whyNot);
      await use();
    },
    { auto: true },
  ],
});

describe('a domain of the Debian image', () => {
  guest(
    'has an overlay over the image’s disk as its root, grown to the size asked for',
    async () => {
      expect(image).toMatchObject({ kind: 'built', diskBytes: 4 * GIB, isDefault: false });
      const { disks, memory } = await site.get('web1');
      expect(disks).toMatchObject([{ name: 'xvda', source: 'default/web1-root.qcow2' }]);
      expect(memory.maximumKiB).toBe(256 * 1024);
      const [pool] = await site.api.pools.list({});
      const overlay = pool!.volumes.find(({ name }) => name === 'web1-root.qcow2');
      expect(overlay).toMatchObject({ over: `default/${image.id}.qcow2`, bytes: 5 * GIB });
      expect(await site.ask('web1', 'grep " / " /proc/mounts')).toMatch(/^\/dev\/xvda \/ ext4 rw/m);
      const blocks = Number(await site.ask('web1', 'stat -f -c %b /'));
      expect(blocks * 4096).toBeGreaterThan(4.5 * GIB);
    },
  );

  guest('is Debian, under its own name, with its own keys', async () => {
    expect(
      await site.ask('web1', '. /etc/os-release; echo $ID $VERSION_ID; cat /etc/hostname'),
    ).toBe('debian 12\nweb1');
    expect(await site.ask('web1', 'hostname; cat /etc/machine-id')).toMatch(/^web1\n[0-9a-f]{32}$/);
    expect(await site.ask('web1', 'passwd -S root | cut -d" " -f2')).toBe('L');
    expect(await site.ask('web1', 'cat /sys/block/xvda/queue/scheduler')).toContain('[none]');
    expect(await site.ask('web1', 'find /var/lib/dpkg/info -user root | head -1')).not.toBe('');
    expect(await site.ask('web1', 'stat -c "%U:%G %a" /etc/shadow')).toBe('root:shadow 640');
    expect(await site.ask('web1', 'dpkg --audit; dpkg -l | grep -c "^ii"')).toMatch(/^\d+$/);
  });

  guest('listens for ssh with a host key that no other domain has', async () => {
    await expect
      .poll(() => site.ask('web1', 'grep -c ":0016 .* 0A " /proc/net/tcp || true'), {
        timeout: 120_000,
        interval: 1000,
      })
      .toBe('1');
    const key = '/etc/ssh/ssh_host_ed25519_key.pub';
    expect(await site.ask('web1', `cut -d" " -f1 ${key}`)).toBe('ssh-ed25519');
    // Its file system was made without one.
    expect(await site.ask('web1', `find ${key} -mmin -60`)).toBe(key);
  });

  guest('has asked for its address when its creation has ended', async () => {
    const { address } = await site.get('web1');
    expect(await site.ask('web1', 'ip -4 addr show eth0')).toContain(`inet ${address}/24`);
  });

  guest('is entered with ssh, through a forwarded port', async () => {
    const key = join(site.folder, 'key');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const own = (await readFile(`${key}.pub`, 'utf8')).trim();
    await site.ask('web1', `mkdir -m 700 -p /root/.ssh; echo '${own}' >/root/.ssh/authorized_keys`);
    const { port } = await site.api.forwards.add({ domain: 'web1', port: 0, toPort: 22 });
    const { stdout } = await run('ssh', [
      ...['-i', key, '-p', String(port), '-o', 'StrictHostKeyChecking=no'],
      ...['-o', `UserKnownHostsFile=${key}.hosts`, '-o', 'ConnectTimeout=120'],
      ...['root@127.0.0.1', 'hostname; tty || true; cat /etc/debian_version'],
    ]);
    expect(stdout).toMatch(/^web1\nnot a tty\n12\.\d+\n$/);
  });

  guest('answers datagrams that come through a forwarded port', async () => {
    const program =
      '$s = IO::Socket::INET->new(Proto => "udp", LocalPort => 5000); while ($s->recv($m, 1500)) { $s->send(uc $m) }';
    await site.ask('web1', `nohup perl -MIO::Socket::INET -e '${program}' >/dev/null 2>&1 &`);
    await site.ask('web1', 'until grep -q :1388 /proc/net/udp; do sleep 0.2; done');
    const { port } = await site.api.forwards.add({
      domain: 'web1',
      protocol: 'udp',
      port: 0,
      toPort: 5000,
    });
    const socket = createSocket('udp4');
    try {
      const answers: string[] = [];
      socket.on('message', (message) => answers.push(message.toString()));
      // As with all datagrams, one may get lost.
      await expect
        .poll(
          () => {
            socket.send('hello', port, '127.0.0.1');
            return answers;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toContain('HELLO');
    } finally {
      socket.close();
    }
  });

  guest('installs with apt, over its network, what is to be had there', async () => {
    const server = createServer((request, response) => {
      readFile(join(folder, new URL(request.url!, 'http://here').pathname)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    const folder = await repository('hello-domus');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await site.api.networks.set({ network: 'default', kind: 'outside', reachesMachine: true });
    try {
      const source = `deb [trusted=yes] http://10.77.0.1:${port} ./`;
      await site.ask('web1', `echo '${source}' >/root/local.list`);
      const apt = 'apt-get -q -o Dir::Etc::sourcelist=/root/local.list -o Dir::Etc::sourceparts=-';
      const install = `${apt} update && ${apt} -y install hello-domus`;
      const { stdout, stderr, status } = await site.exec('web1', install);
      expect([status, stderr], stdout).toEqual([0, expect.anything()]);
      expect(await site.ask('web1', 'cat /usr/share/hello-domus; dpkg -s hello-domus')).toMatch(
        /^hello\n[^]*Status: install ok installed/,
      );
    } finally {
      server.close();
      await site.api.networks.set({ network: 'default', kind: 'isolated', reachesMachine: false });
    }
  });

  guest('has Debian’s suites as the sources of its packages', async () => {
    const asked = await site.ask(
      'web1',
      "apt-get update --print-uris | grep -o 'http[^ ]*InRelease'",
    );
    expect(asked.split('\n').sort()).toEqual([
      'http://deb.debian.org/debian-security/dists/bookworm-security/InRelease',
      'http://deb.debian.org/debian/dists/bookworm-updates/InRelease',
      'http://deb.debian.org/debian/dists/bookworm/InRelease',
    ]);
  });

  guest('keeps its image', async () => {
    await expect(site.api.images.remove({ image: 'debian' })).rejects.toMatchObject({
      code: 'image.in-use',
      message: expect.stringContaining('web1') as string,
    });
    await expect(
      site.api.volumes.remove({ pool: 'default', volume: `${image.id}.qcow2` }),
    ).rejects.toMatchObject({ code: 'volume.has-overlays' });
  });

  guest('powers off cleanly, and leaves a file system without a fault', async () => {
    await site.ask('web1', 'echo kept >/root/word');
    await site.done(site.api.domains.shutdown({ domain: 'web1' }));
    const pool = (await site.api.pools.list({}))[0]!;
    const raw = join(site.folder, 'web1.raw');
    await run('qemu-img', ['convert', '-O', 'raw', join(pool.path, 'web1-root.qcow2'), raw]);
    const { stdout } = await run('e2fsck', ['-fn', raw]);
    expect(stdout).toMatch(/\d+ files/);
    expect((await run('dumpe2fs', ['-h', raw])).stdout).toMatch(/Filesystem state: +clean/);
    expect((await run('debugfs', ['-R', 'cat /root/word', raw])).stdout).toBe('kept\n');
  });
});

/** A repository of one package, with one file that says hello. @returns its folder */
async function repository(name: string): Promise<string> {
  const folder = join(site.folder, 'repository');
  const tree = join(site.folder, name);
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(tree, 'usr', 'share'), { recursive: true });
  await mkdir(folder);
  const control = [
    `Package: ${name}`,
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.org>',
    'Description: says hello',
  ];
  await writeFile(join(tree, 'DEBIAN', 'control'), `${control.join('\n')}\n`);
  await writeFile(join(tree, 'usr', 'share', name), 'hello\n');
  const file = `${name}_1.0_all.deb`;
  await run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', tree, join(folder, file)]);
  const content = await readFile(join(folder, file));
  const sum = createHash('sha256').update(content).digest('hex');
  const record = [...control, `Filename: ./${file}`, `Size: ${content.length}`, `SHA256: ${sum}`];
  await writeFile(join(folder, 'Packages'), `${record.join('\n')}\n`);
  return folder;
}
