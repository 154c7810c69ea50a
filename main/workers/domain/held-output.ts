/**
 * What a protected guest does to the outside, held until its standby has the checkpoint behind it. It
 * waits where it is anyway: what a guest says in the rings to those who carry it on, written and not
 * shown; what would change a disk in the back end, taken and not answered. A ring that is full holds up
 * the guest, as it does otherwise.
 *
 * What was read of its consoles' input is held too: it stays in the ring until the standby knows that
 * it was read, so that a successor reads it again.
 *
 * The rings of consoles outlive the host. A checkpoint says how far each had come, and a successor
 * shows what lies before that: nothing is lost, nothing comes twice. Requests to disks that were not
 * answered go along with the checkpoint, and a successor makes them again. Frames that were held are
 * lost with the host, as on any network.
 */
import { z } from 'zod';
import { DomusError } from '../../../shared/errors.ts';
import type { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { HeldOutput } from '../../migration/index.ts';
import { MOST_RING_PAGES } from '../../dom0/index.ts';
import type { DomainDisks } from './domain-disks.ts';

type Consoles = Record<string, RingProducer | RingConsumer>;

/** Beside a checkpoint, as JSON. */
const Beside = z.strictObject({
  /** Positions of the rings. */
  consoles: z.record(z.string(), z.int().nonnegative().max(0xffff_ffff)),
  /** By disk, what was under way in which ring. */
  disks: z.record(
    z.string(),
    z.strictObject({
      ringRefs: z.int().nonnegative().max(0xffff_ffff).array().max(MOST_RING_PAGES),
      port: z.int().nonnegative().max(0xffff_ffff),
      /** Entries of the ring, base64. */
      requests: z.base64(),
    }),
  ),
});

export interface OutputWays {
  consoles: Consoles;
  disks: DomainDisks;
  /** Those that there are now. */
  frames(): FrameProducer[];
}

export class DomainOutput implements HeldOutput {
  private readonly ways: OutputWays;
  private consolesAt: Record<string, number> = {};
  private framesAt: [FrameProducer, number][] = [];

  constructor(ways: OutputWays) {
    this.ways = ways;
  }

  hold(): void {
    for (const way of this.all) way.hold();
  }

  mark(): z.infer<typeof Beside> {
    const { consoles, disks, frames } = this.ways;
    this.consolesAt = mapValues(consoles, ({ position }) => position);
    this.framesAt = frames().map((ring) => [ring, ring.position]);
    return {
      consoles: this.consolesAt,
      disks: mapValues(disks.mark(), ({ rings, requests }) => ({
        ...rings,
        requests: toBase64(requests),
      })),
    };
  }

  release(): void {
    const { consoles, disks } = this.ways;
    for (const [name, position] of Object.entries(this.consolesAt)) {
      consoles[name]?.release(position);
    }
    for (const [ring, position] of this.framesAt) ring.release(position);
    disks.release();
  }

  /** Nobody waits for a checkpoint any more: all of it leaves. */
  letGo(): void {
    for (const way of this.all) way.letGo();
  }

  /** Of a guest that has ended: what it said leaves, what it asked of its disks and was not told is not done. */
  sayLastWords(): void {
    this.ways.disks.drop();
    this.letGo();
  }

  /**
   * Of a successor, before the guest's first instruction: all goes on from where the checkpoint has it.
   *
   * @param beside what `mark` returned, as it arrived
   * @throws DomusError `stream.bad-domain-state`
   */
  static resume({ consoles, disks }: Omit<OutputWays, 'frames'>, beside: unknown): void {
    const parsed = Beside.safeParse(beside);
    try {
      if (!parsed.success) throw new RangeError(z.prettifyError(parsed.error));
      for (const [name, ring] of Object.entries(consoles)) {
        ring.resumeAt(parsed.data.consoles[name] ?? -1);
      }
      disks.resume(
        mapValues(parsed.data.disks, ({ requests, ...rings }) => ({
          rings,
          requests: Buffer.from(requests, 'base64'),
        })),
      );
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `what it had said and asked for does not fit: ${why}`;
      throw new DomusError('stream.bad-domain-state', what, { cause });
    }
  }

  private get all(): { hold(): void; letGo(): void }[] {
    const { consoles, disks, frames } = this.ways;
    return [...Object.values(consoles), ...frames(), disks];
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function mapValues<A, B>(of: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, change(value)]));
}
