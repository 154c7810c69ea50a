/**
 * What the process itself can carry. Simulated memory is real memory of this process in the end,
 * and one that runs out takes every domain with it: so a start beyond the budget is refused.
 */
import { totalmem } from 'node:os';
import { DomusError } from '../../../shared/errors.ts';

const MIB = 1 << 20;
/** Engine, generated code and heap of a domain beside its memory; measured with idle guests. */
const OVERHEAD_BYTES = 60 * MIB;
/** Of the machine's memory, or of what its container allows. */
const DEFAULT_SHARE = 0.8;
/** V8 reserves address space for each wasm memory; about a hundred fit into a process. */
const MAX_DOMAINS = 90;

export interface BudgetSettings {
  /** Bound of the process's resident memory; `DOMUS_BUDGET_MIB`. */
  limitMiB?: number | undefined;
  /** `DOMUS_MAX_DOMAINS` */
  maxDomains?: number | undefined;
}

export class ProcessBudget {
  readonly limitBytes: number;
  readonly maxDomains: number;
  private readonly rss: () => number;
  /** Bytes of domains that are on their way and not resident yet. */
  private pending = 0;
  private domains = 0;

  constructor(settings: BudgetSettings = {}, rss: () => number = () => process.memoryUsage.rss()) {
    this.limitBytes =
      (settings.limitMiB ?? Math.floor((machineBytes() * DEFAULT_SHARE) / MIB)) * MIB;
    this.maxDomains = settings.maxDomains ?? MAX_DOMAINS;
    this.rss = rss;
  }

  get usage(): { limitMiB: number; usedMiB: number; domains: number; maxDomains: number } {
    return {
      limitMiB: Math.floor(this.limitBytes / MIB),
      usedMiB: Math.ceil(this.rss() / MIB),
      domains: this.domains,
      maxDomains: this.maxDomains,
    };
  }

  /**
   * Admits a domain that will hold `memoryKiB`. `settled` is to be called once its memory shows in
   * the process, `ended` when its worker is gone; each counts once. Errors:
   * `budget.too-many-domains`, `budget.no-memory`.
   */
  admit(memoryKiB: number, domain: string): { settled(): void; ended(): void } {
    this.check(memoryKiB, domain);
    const bytes = OVERHEAD_BYTES + memoryKiB * 1024;
    this.pending += bytes;
    this.domains++;
    const settled = once(() => (this.pending -= bytes));
    const ended = once(() => {
      settled();
      this.domains--;
    });
    return { settled, ended };
  }

  /** The same errors, without admitting it. */
  check(memoryKiB: number, domain: string): void {
    if (this.domains >= this.maxDomains) {
      throw new DomusError(
        'budget.too-many-domains',
        `Domain ${domain} cannot start: ${this.domains} domains run, and this process carries ${this.maxDomains} at most. Shut one down first.`,
        { data: { domains: this.domains, maxDomains: this.maxDomains } },
      );
    }
    const needed = OVERHEAD_BYTES + memoryKiB * 1024;
    const used = this.rss() + this.pending;
    if (used + needed <= this.limitBytes) return;
    const [needMiB, usedMiB, limitMiB] = [needed, used, this.limitBytes].map((bytes) =>
      Math.round(bytes / MIB),
    );
    throw new DomusError(
      'budget.no-memory',
      `Domain ${domain} cannot start: it needs about ${needMiB} MiB of this machine's memory, the program uses ${usedMiB} MiB, and its budget is ${limitMiB} MiB. Shut down a domain, or raise the budget (DOMUS_BUDGET_MIB).`,
      { data: { needMiB, usedMiB, limitMiB } },
    );
  }
}

function machineBytes(): number {
  // Without a container's limit, the kernel says a number beyond every machine.
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
