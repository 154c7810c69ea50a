/**
 * What of a host's free memory is already spoken for. The free list itself
 * (`HostFrames`) knows only what was taken; a start that is under way and a balloon that was told
 * to grow will take more, and two of them must not count on the same frames.
 */
import { DomusError } from '../../../shared/errors.ts';

/** A domain whose balloon may still take frames. */
export interface Growing {
  targetKiB: number;
  actualKiB: number;
}

export class MemoryLedger {
  private readonly host: string;
  private readonly freeKiB: () => number;
  private readonly growing: () => Iterable<Growing>;
  private readonly pending = new Set<{ kib: number }>();

  /** `freeKiB` is the free list now; `growing` all domains that run on the host. */
  constructor(host: string, freeKiB: () => number, growing: () => Iterable<Growing>) {
    this.host = host;
    this.freeKiB = freeKiB;
    this.growing = growing;
  }

  /** What a newcomer can have. */
  get availableKiB(): number {
    let available = this.freeKiB();
    for (const { kib } of this.pending) available -= kib;
    for (const { targetKiB, actualKiB } of this.growing()) {
      available -= Math.max(0, targetKiB - actualKiB);
    }
    return Math.max(0, available);
  }

  /**
   * Keeps `kib` for a domain on its way, until the returned function is called (once it holds its
   * frames, or came to nothing). Error `host.out-of-memory`.
   */
  reserve(kib: number, domain: string): () => void {
    this.require(kib, domain);
    const entry = { kib };
    this.pending.add(entry);
    return () => void this.pending.delete(entry);
  }

  /** Error `host.out-of-memory`, with the figures, unless `kib` can be had. */
  require(kib: number, domain: string): void {
    const reason = this.refusal(kib);
    if (reason === null) return;
    throw new DomusError(
      'host.out-of-memory',
      `${reason}, and domain ${domain} needs that. Give it less memory, shrink or shut down others on ${this.host}, or choose another host.`,
      { data: { host: this.host, needKiB: kib, availableKiB: this.availableKiB } },
    );
  }

  /** Why `kib` cannot be had here; null when it can. */
  refusal(kib: number): string | null {
    const available = this.availableKiB;
    if (kib <= available) return null;
    return `Host ${this.host} has ${mib(available)} MiB free of the ${mib(kib, 'up')} MiB that are needed`;
  }
}

/** Whole MiB; free memory is rounded down and needs are rounded up, so that figures never flatter. */
export function mib(kib: number, round: 'up' | 'down' = 'down'): number {
  return round === 'up' ? Math.ceil(kib / 1024) : Math.floor(kib / 1024);
}
