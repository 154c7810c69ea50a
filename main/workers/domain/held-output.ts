/**
 * What a protected guest tells the outside, held until its standby has the checkpoint behind it: it
 * waits in the rings to those who carry it on, written and not shown. A ring that is full holds up the
 * guest, as it does otherwise.
 *
 * What was read of its consoles' input is held too: it stays in the ring until the standby knows that
 * it was read, so that a successor reads it again.
 *
 * The rings of consoles outlive the host. A checkpoint says how far each had come, and a successor
 * shows what lies before that: nothing is lost, nothing comes twice. Frames that were held are lost
 * with the host, as on any network.
 */
import { z } from 'zod';
import type { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { FrameProducer } from '../../../shared/ring/frame-ring.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { HeldOutput } from '../../migration/index.ts';

type Consoles = Record<string, RingProducer | RingConsumer>;

const Positions = z.record(z.string(), z.int().nonnegative().max(0xffff_ffff));

export class HeldRings implements HeldOutput {
  private readonly consoles: Consoles;
  private readonly frames: () => FrameProducer[];
  private consolesAt: Record<string, number> = {};
  private framesAt: [FrameProducer, number][] = [];

  /** @param frames those that there are now */
  constructor(consoles: Consoles, frames: () => FrameProducer[]) {
    this.consoles = consoles;
    this.frames = frames;
  }

  hold(): void {
    for (const ring of [...Object.values(this.consoles), ...this.frames()]) ring.hold();
  }

  mark(): unknown {
    const consoles = Object.entries(this.consoles);
    this.consolesAt = Object.fromEntries(consoles.map(([name, ring]) => [name, ring.position]));
    this.framesAt = this.frames().map((ring) => [ring, ring.position]);
    return this.consolesAt;
  }

  release(): void {
    for (const [name, position] of Object.entries(this.consolesAt)) {
      this.consoles[name]?.release(position);
    }
    for (const [ring, position] of this.framesAt) ring.release(position);
  }

  /** Nobody waits for a checkpoint any more: all of it leaves. */
  letGo(): void {
    for (const ring of [...Object.values(this.consoles), ...this.frames()]) ring.letGo();
  }

  /**
   * Of a successor, before the guest's first instruction: the consoles go on from where the checkpoint
   * has them.
   *
   * @param positions what `mark` returned, as it arrived
   * @throws DomusError `stream.bad-domain-state`
   */
  static resume(consoles: Consoles, positions: unknown): void {
    const parsed = Positions.safeParse(positions);
    try {
      if (!parsed.success) throw new RangeError('they are none');
      for (const [name, ring] of Object.entries(consoles)) ring.resumeAt(parsed.data[name] ?? -1);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `the positions of its consoles do not fit: ${why}`;
      throw new DomusError('stream.bad-domain-state', what, { cause });
    }
  }
}
