import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  createCleartextMessage,
  generateKey,
  readPrivateKey,
  sign,
  type Key,
  type PrivateKey,
} from 'openpgp';
import { guestModules } from '../../../guest/rootfs.ts';
import { controlOf, writeDeb, type DebContents } from './deb-writer.ts';
import { writeKernel, writeModule } from './kernel-files.ts';

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** A throw-away key of the kind that signs Debian's archive. */
export async function throwAwayKey(): Promise<{ key: PrivateKey; publicKey: Key }> {
  const { privateKey } = await generateKey({
    type: 'rsa',
    rsaBits: 2048,
    userIDs: [{ name: 'A test archive', email: 'archive@example.org' }],
    format: 'armored',
    // Before the releases that it signs, whatever dates a test gives them.
    date: new Date('2020-01-01'),
  });
  const key = await readPrivateKey({ armoredKey: privateKey });
  return { key, publicKey: key.toPublic() };
}

/** The packages of an image in miniature: real formats, no running code in them. */
export function imagePackages(abi: number, version: string): DebContents[] {
  const release = `6.1.0-${abi}-686-pae`;
  const modules = guestModules.map((name) => ({
    path: `./lib/modules/${release}/kernel/${name}.ko`,
    data: writeModule({ name: name.replaceAll('-', '_'), depends: '' }),
  }));
  return [
    {
      name: 'linux-image-686-pae',
      version,
      architecture: 'i386',
      depends: `linux-image-${release} (= ${version})`,
      files: [],
    },
    {
      name: `linux-image-${release}`,
      version,
      architecture: 'i386',
      files: [
        { path: `./boot/vmlinuz-${release}`, data: writeKernel() },
        { path: `./boot/config-${release}`, data: 'CONFIG_VMGENID=y\n' },
        { path: `./lib/modules/${release}/modules.builtin`, data: 'kernel/lib/crc-ccitt.ko\n' },
        ...modules,
      ],
    },
  ];
}

export const userlandPackages: readonly DebContents[] = [
  {
    name: 'busybox-static',
    version: '1:1.35.0-4',
    architecture: 'i386',
    files: [{ path: './bin/busybox', data: 'not a program' }],
  },
  {
    name: 'seabios',
    version: '1.16.2-1',
    architecture: 'all',
    files: [
      { path: './usr/share/seabios/bios-256k.bin', data: Buffer.alloc(1024, 1) },
      { path: './usr/share/seabios/vgabios-stdvga.bin', data: Buffer.alloc(512, 2) },
    ],
  },
];

export interface SuiteContents {
  readonly name: string;
  readonly archive: 'debian' | 'debian-security';
  readonly packages: readonly DebContents[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly key: PrivateKey;
}

/** A Debian archive of a few packages on a port of 127.0.0.1. `files` is what it serves, by path. */
export class SmallMirror implements AsyncDisposable {
  readonly files = new Map<string, Buffer>();
  readonly requests: string[] = [];
  onRequest?: (path: string) => void;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<SmallMirror> {
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '');
      mirror.requests.push(path);
      mirror.onRequest?.(path);
      const data = mirror.files.get(path);
      response.writeHead(data ? 200 : 404, { 'content-length': data?.length ?? 0 }).end(data);
    });
    const mirror = new SmallMirror(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return mirror;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/debian`;
  }

  /** The one path of all served files that matches. */
  find(pattern: RegExp): string {
    const [path, ...others] = [...this.files.keys()].filter((candidate) => pattern.test(candidate));
    if (path === undefined || others.length > 0) throw new Error(`not one file matches ${pattern}`);
    return path;
  }

  async publish(suite: SuiteContents): Promise<void> {
    const stanzas: string[] = [];
    for (const contents of suite.packages) {
      const deb = await writeDeb(contents);
      const filename = `pool/${contents.name}_${contents.version.replace(':', '%3a')}.deb`;
      this.files.set(`/${suite.archive}/${decodeURIComponent(filename)}`, deb);
      stanzas.push(
        `${controlOf(contents)}Filename: ${decodeURIComponent(filename)}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`,
      );
    }
    const folder = `/${suite.archive}/dists/${suite.name}`;
    const plain = Buffer.from(stanzas.join('\n'));
    const packages = gzipSync(plain);
    this.files.set(`${folder}/main/binary-i386/Packages.gz`, packages);
    const fields = {
      Origin: 'Test',
      Suite: suite.name,
      Codename: suite.name,
      Date: new Date(Date.now() - 3600_000).toUTCString().replace('GMT', 'UTC'),
      Architectures: 'all i386',
      Components: 'main',
      ...suite.fields,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
    // Like Debian's, it names the plain form too, which is not there to be fetched.
    const sums = [plain, packages].map(
      (data) => ` ${sha256(data)} ${data.length} main/binary-i386/Packages`,
    );
    const text = `${lines.join('')}SHA256:\n${sums.join('\n')}.gz\n`;
    this.files.set(`${folder}/InRelease`, Buffer.from(await signed(text, suite.key)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function signed(text: string, key: PrivateKey): Promise<string> {
  const message = await createCleartextMessage({ text });
  return sign({ message, signingKeys: key });
}
