/** The protection that a running domain has: its standby, and what was last told of its checkpoints. */
import type { Protection } from '../../../shared/contract/index.ts';
import type { CheckpointFigures } from '../control/host.contract.ts';
import type { SiteHost } from '../hosts/site-host.ts';

export class ActiveProtection {
  readonly standby: SiteHost;
  readonly intervalMs: number;
  readonly sinceMs = Date.now();
  /** To be called when the standby is none any more: gives back what was reserved for it. */
  readonly over: () => void;
  private figures: CheckpointFigures = {
    checkpoints: 1,
    perSecond: 0,
    lastAtMs: this.sinceMs,
    stoppedMs: 0,
    acknowledgedAfterMs: 0,
    pages: 0,
    bytes: 0,
  };

  constructor(standby: SiteHost, intervalMs: number, over: () => void) {
    this.standby = standby;
    this.intervalMs = intervalMs;
    this.over = over;
  }

  told(figures: CheckpointFigures): void {
    this.figures = figures;
  }

  get view(): Protection {
    const { figures, standby, intervalMs, sinceMs } = this;
    return {
      host: standby.name,
      intervalMs,
      sinceMs,
      checkpoints: figures.checkpoints,
      checkpointsPerSecond: figures.perSecond,
      lastCheckpointAtMs: figures.lastAtMs,
      stoppedMs: figures.stoppedMs,
      acknowledgedAfterMs: figures.acknowledgedAfterMs,
      pagesPerCheckpoint: figures.pages,
      bytesPerCheckpoint: figures.bytes,
    };
  }
}
