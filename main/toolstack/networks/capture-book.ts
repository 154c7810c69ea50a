/**
 * Captures: what interfaces send and get, written to files. A host's worker writes to the descriptor
 * that it is given; it is closed here, and only when every host that had it has said that it is done
 * with it, or is gone.
 */
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { Capture } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { CaptureCounters } from '../../dom0/network/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { HostLink } from '../hosts/host-link.ts';
import type { CaptureFile } from './capture-file.ts';

const MIB = 2 ** 20;
const DEFAULT_MIB = 1024;
/** Of those that ended. */
const REMEMBERED = 100;
/** How often the counts of those under way are told, where they change. */
const TELL_EVERY_MS = 1000;

interface Kept {
  record: Omit<Capture, 'frames' | 'dropped'>;
  counters: CaptureCounters;
  /** What its counts were together when they were told last. */
  told: number;
  domid: number;
  fd: number;
  /** The file grows no further. */
  maxBytes: number;
  /** Who may write to it. */
  writers: Set<HostLink>;
  /** Settles when nobody does. */
  over: PromiseWithResolvers<void>;
}

export class CaptureBook {
  private readonly captures = new Map<string, Kept>();
  private readonly changed: () => void;
  private telling: NodeJS.Timeout | null = null;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Newest first. */
  all(): Capture[] {
    return [...this.captures.values()].map(view).reverse();
  }

  /** The file is this book's from now on. Errors `domain.not-running`, and those of the host. */
  async start(
    domain: ManagedDomain,
    handle: number,
    file: CaptureFile,
    maxMiB = DEFAULT_MIB,
  ): Promise<Capture> {
    const { domid, host } = domain.worker;
    const record = {
      id: randomBytes(4).toString('hex'),
      domain: domain.name,
      handle,
      path: file.path,
      startedAtMs: Date.now(),
      endedAtMs: null,
      fault: null,
    };
    const kept: Kept = {
      record,
      counters: new CaptureCounters(),
      told: 0,
      domid,
      fd: file.fd,
      maxBytes: maxMiB * MIB,
      writers: new Set(),
      over: Promise.withResolvers(),
    };
    this.captures.set(record.id, kept);
    try {
      await this.begin(kept, host.link, false);
    } catch (error) {
      this.release(kept, host.link, 'it could not begin');
      this.captures.delete(record.id);
      throw error;
    }
    this.telling ??= setInterval(() => this.tellCounts(), TELL_EVERY_MS).unref();
    this.changed();
    return view(kept);
  }

  /** Its file is complete then. One that has ended already stays as it is. Error `capture.unknown`. */
  async stop(id: string): Promise<Capture> {
    const kept = this.captures.get(id);
    if (!kept) {
      throw new DomusError(
        'capture.unknown',
        `There is no capture ${id}. "domus capture list" names them.`,
        { data: { capture: id } },
      );
    }
    for (const writer of [...kept.writers]) await this.end(kept, writer);
    await kept.over.promise;
    return view(kept);
  }

  /** A host is done with it: the domain is gone from there, or the file could not be written. */
  ended(writer: HostLink, id: string, reason: string | null): void {
    const kept = this.captures.get(id);
    if (!kept?.writers.has(writer)) return;
    this.release(kept, writer, reason ?? 'its domain ended');
  }

  /**
   * A domain has stopped at `source` and will go on at `target`: so do its captures. Never fails;
   * one that cannot go on has ended.
   */
  async moved(domid: number, source: HostLink | null, target: HostLink): Promise<void> {
    for (const kept of [...this.captures.values()]) {
      if (kept.domid !== domid || kept.writers.size === 0) continue;
      kept.writers.add(target);
      try {
        if (source) await this.end(kept, source);
        await this.begin(kept, target, true);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.release(kept, target, `it did not go on after the move: ${why}`);
      }
    }
  }

  private async begin(kept: Kept, writer: HostLink, continues: boolean): Promise<void> {
    kept.writers.add(writer);
    void writer.exited.then(() => this.release(kept, writer, 'its host died'));
    const { record, domid, fd, maxBytes, counters } = kept;
    await writer.call('capture.start', {
      capture: record.id,
      domid,
      handle: record.handle,
      fd,
      continues,
      maxBytes,
      counters: counters.buffer,
    });
  }

  private async end(kept: Kept, writer: HostLink): Promise<void> {
    try {
      await writer.call('capture.stop', { capture: kept.record.id });
      this.release(kept, writer, null);
    } catch (error) {
      // It is ending by itself there, or its host is gone: both are told.
      const { code, message } = DomusError.toData(error);
      if (code === 'capture.not-here' || code === 'channel.closed') return;
      this.release(kept, writer, message);
    }
  }

  /** After the last writer nobody has the descriptor any more. */
  private release(kept: Kept, writer: HostLink, fault: string | null): void {
    if (!kept.writers.delete(writer) || kept.writers.size > 0) return;
    closeSync(kept.fd);
    kept.record = { ...kept.record, endedAtMs: Date.now(), fault };
    kept.over.resolve();
    this.forgetOldest();
    this.changed();
  }

  private tellCounts(): void {
    const all = [...this.captures.values()];
    if (all.every(({ writers }) => writers.size === 0)) {
      if (this.telling) clearInterval(this.telling);
      this.telling = null;
      return;
    }
    if (all.filter(countsMore).length > 0) this.changed();
  }

  private forgetOldest(): void {
    const ended = [...this.captures.values()].filter(({ writers }) => writers.size === 0);
    for (const { record } of ended.slice(0, Math.max(0, ended.length - REMEMBERED))) {
      this.captures.delete(record.id);
    }
  }
}

function view({ record, counters: { frames, dropped } }: Kept): Capture {
  return { ...record, frames, dropped };
}

/** Than when it was last asked. */
function countsMore(kept: Kept): boolean {
  const { frames, dropped } = kept.counters;
  const before = kept.told;
  kept.told = frames + dropped;
  return kept.told > before;
}
