/** A hostile guest and its neighbour on one real host, each in its own thread. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelImage } from '../hypervisor/index.ts';
import { DomainCounter, memoryLayout } from '../hypervisor/index.ts';
import { checksumGuest, checksumLine } from '../hypervisor/testing/checksum-guest.ts';
import { fuzzGuest } from '../hypervisor/testing/fuzz-guest.ts';
import type { ColdBoot } from '../toolstack/control/host.contract.ts';
import type { TestDomain } from './testing/test-host.ts';
import { DOMAIN0_KIB, newDomain, TestHost } from './testing/test-host.ts';

const SECONDS = Number(process.env['DOMUS_FUZZ_SECONDS'] ?? 60);
const SEED = Number(process.env['DOMUS_FUZZ_SEED'] ?? Date.now() & 0x7fff_ffff);
const ALONE_SECONDS = 5;
const LOOK_EVERY_MS = 500;
/** Of one hostile domain, before the next. */
const LIFE_MS = 12_000;
/** A guest that makes no hypercall for so long has destroyed itself. */
const STUCK_LOOKS = 4;
const MEMORY_MIB = 8;
const HOST_MIB = 256;
const FREE_FRAMES = (HOST_MIB * 1024 - DOMAIN0_KIB) / 4;
const layout = memoryLayout(MEMORY_MIB * 1024);

function boot({ kernel, initrd, cmdline }: KernelImage): ColdBoot {
  const shared = (bytes: Uint8Array): SharedArrayBuffer => {
    const buffer = new SharedArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  };
  return { kernel: shared(kernel), initrd: shared(initrd), cmdline };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const hypercalls = ({ counters }: TestDomain): number =>
  counters.values.subarray(DomainCounter.hypercalls).reduce((sum, count) => sum + count, 0);
const lines = ({ console }: TestDomain): string[] => console.text.split('\n').slice(0, -1);

/** One hostile domain after another: each until it ended, or destroyed itself. */
class Attack {
  domains = 0;
  hypercalls = 0;
  readonly crashes: string[] = [];
  private readonly host: TestHost;
  private readonly ended = new Set<number>();

  constructor(host: TestHost) {
    this.host = host;
    host.channel.on('domain.shutdown', ({ domid }) => this.ended.add(domid));
    host.channel.on('domain.crashed', ({ domid, reason }) => {
      this.ended.add(domid);
      this.crashes.push(reason);
    });
  }

  async run(endMs: number): Promise<void> {
    while (performance.now() < endMs) await this.one(Math.min(endMs, performance.now() + LIFE_MS));
  }

  private async one(endMs: number): Promise<void> {
    const seed = (SEED + this.domains++ * 7919) & 0x7fff_ffff;
    const domain = newDomain(`fuzz-${seed}`, MEMORY_MIB);
    const { domid } = domain.spec;
    const paging = seed & 2 ? 'pae' : 'two-level';
    const image = fuzzGuest({ seed, layout, paging, keepsChannels: true });
    await this.host.channel.call('domain.boot', { spec: domain.spec, boot: boot(image) });
    let [made, stuck] = [0, 0];
    while (performance.now() < endMs && stuck < STUCK_LOOKS && !this.ended.has(domid)) {
      await pause(LOOK_EVERY_MS);
      const now = hypercalls(domain);
      stuck = now === made ? stuck + 1 : 0;
      made = now;
    }
    this.hypercalls += made;
    await this.host.channel.call('domain.destroy', { domid });
  }
}

describe('a hostile guest', () => {
  let host: TestHost;
  let neighbour: TestDomain;
  beforeAll(async () => {
    host = await TestHost.start('alpha', HOST_MIB);
    neighbour = newDomain('neighbour', MEMORY_MIB);
    const image = boot(checksumGuest(layout));
    await host.channel.call('domain.boot', { spec: neighbour.spec, boot: image });
    await neighbour.console.until(/\n/);
  });
  afterAll(() => host.stop());

  it(
    `leaves its neighbour’s checksums right, for ${SECONDS} s from seed ${SEED}`,
    async () => {
      const attack = new Attack(host);
      const before = lines(neighbour).length;
      await pause(ALONE_SECONDS * 1000);
      const alone = (lines(neighbour).length - before) / ALONE_SECONDS;
      const [start, startMs] = [lines(neighbour).length, performance.now()];
      await attack.run(performance.now() + SECONDS * 1000);
      const seconds = (performance.now() - startMs) / 1000;
      const meanwhile = (lines(neighbour).length - start) / seconds;

      process.stdout.write(
        `fuzzing: seed ${SEED}, ${attack.domains} domains, ${attack.hypercalls} hypercalls; ` +
          `the neighbour did ${meanwhile.toFixed(1)} rounds a second, alone ${alone.toFixed(1)}: ` +
          `ratio ${(meanwhile / alone).toFixed(2)}\n`,
      );
      const printed = lines(neighbour);
      expect(printed.length).toBeGreaterThan(start);
      printed.forEach((line, round) => expect(line.trim()).toBe(checksumLine(round)));
      expect(attack.hypercalls).toBeGreaterThan(1000);
      // What a guest may bring about: the emulator gives up. A failure of ours would say so.
      for (const reason of attack.crashes) expect(reason).toMatch(/^the guest did what/);

      await host.channel.call('domain.destroy', { domid: neighbour.spec.domid });
      expect(host.frames.free).toBe(FREE_FRAMES);
    },
    (SECONDS + ALONE_SECONDS) * 1000 + 60_000,
  );
});
