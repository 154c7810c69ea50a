/** A stream into a domain that was just created: memory zero, clock at a standstill. */
import { DomusError } from '../../../shared/errors.ts';
import type { Domain, ExpectedCode, TranslatedCode } from '../../hypervisor/index.ts';
import { engineStateOf, PAGE_SIZE, parseDomainState } from '../../hypervisor/index.ts';
import type { StreamConfig } from '../stream/config.ts';
import { requireCompatible } from '../stream/config.ts';
import { GuestMemorySink } from '../stream/memory-image.ts';
import type { LineBatch } from '../stream/line-batch.ts';
import type { PageBatch } from '../stream/page-batch.ts';
import type { StreamHandler } from '../stream/reader.ts';
import { ramOf } from './domain-memory.ts';
import { GRANT_FRAMES_SECTION } from './send-domain.ts';
import { OWN_VERSIONS } from './versions.ts';

export interface ReceiverOptions {
  /** Translated from the very memory that the stream brings, if it is at hand. */
  code?: TranslatedCode | null;
  /** What a live stream's sender has translated, where it is in this process. */
  beside?: CodeBeside;
  /**
   * Of a live move, whose state comes before the memory too, and with each round: it is rehearsed then.
   * Called with the domain's part of xenstore as it may still be at the end, unchecked.
   */
  onForeseen?: (xenstore: Uint8Array) => void;
}

export interface CodeBeside {
  /** When the stream begins. */
  announced(): ExpectedCode | null;
  /** When the stream says that it was taken. */
  take(): TranslatedCode | null;
}

/**
 * Takes the records of a stream. Nothing of the domain may be used before `complete`, and nothing
 * at all after a throw.
 */
export class DomainReceiver implements StreamHandler {
  private readonly domain: Domain;
  private readonly exactCode: TranslatedCode | null;
  private readonly onForeseen: ((xenstore: Uint8Array) => void) | null;
  private readonly beside: CodeBeside | null;
  private readonly sink: GuestMemorySink;
  private readonly sections = new Map<string, Uint8Array>();
  /** A byte for each frame: 1 when there is nothing behind it, as far as the stream has come. */
  private readonly ballooned: Uint8Array;
  private hasMemory = false;
  private isForeseen = false;
  private isRehearsed = false;
  private hasCode = false;
  private grantsInPlace: Uint8Array | null = null;
  private hypervisorState: unknown = null;
  private exported: Uint8Array | null = null;

  constructor(domain: Domain, options: ReceiverOptions = {}) {
    this.domain = domain;
    this.exactCode = options.code ?? null;
    this.onForeseen = options.onForeseen ?? null;
    this.beside = options.beside ?? null;
    this.ballooned = new Uint8Array(domain.physmap.ramFrames);
    const { memory } = domain;
    this.sink = new GuestMemorySink(() => ramOf(domain), {
      fresh: true,
      setPopulated: (first, count, populated) =>
        this.ballooned.fill(populated ? 0 : 1, first, first + count),
      rewritten: (first, count) => {
        if (this.hasCode) memory.rewritten(first * PAGE_SIZE, count * PAGE_SIZE);
      },
    });
  }

  config(config: StreamConfig): void {
    requireCompatible(config, OWN_VERSIONS);
    const { physmap, layout } = this.domain;
    if (config.memory.pages === physmap.ramFrames && config.memory.layout['bar1'] === layout.bar1) {
      return;
    }
    throw new DomusError(
      'stream.other-machine',
      `the state of "${config.name}" has ${config.memory.pages} pages of memory, ` +
        `the domain made for it ${physmap.ramFrames}`,
    );
  }

  pages(batch: PageBatch): void {
    this.beforeMemory();
    this.sink.apply(batch);
  }

  lines(batch: LineBatch): void {
    this.beforeMemory();
    this.sink.applyLines(batch);
  }

  engineState(name: string, bytes: Uint8Array): void {
    this.sections.set(name, bytes);
  }

  /** What comes of memory from here on may void it. Without it the guest's code is translated again. */
  code(): void {
    const code = this.beside?.take();
    if (!code) return;
    this.domain.engine.adoptCode(code);
    this.hasCode = true;
    // The emulator's memory is the sender's now, that of its devices too.
    if (this.sections.size > 0) this.putInPlace();
  }

  domainState(state: unknown): void {
    this.hypervisorState = state;
    this.isRehearsed = false;
  }

  xenstore(exported: Uint8Array): void {
    this.exported = exported;
  }

  private beforeMemory(): void {
    if (!this.hasMemory) {
      this.hasMemory = true;
      const expected = this.beside?.announced();
      if (expected) this.domain.engine.expectCode(expected);
    }
    if (this.onForeseen && !this.isRehearsed) this.rehearse(this.onForeseen);
  }

  /**
   * What does not change again is done now, what does not fit is refused, and nothing is done for the first
   * time while the domain stands still.
   */
  private rehearse(foresee: (xenstore: Uint8Array) => void): void {
    this.isRehearsed = true;
    if (this.sections.size === 0) return;
    this.putInPlace();
    if (this.isForeseen || !this.exported) return;
    this.isForeseen = true;
    foresee(this.exported);
  }

  /** Guest memory, but not RAM; most often the same as before. */
  private putGrants(): void {
    const { memory, layout } = this.domain;
    const grants = this.sections.get(GRANT_FRAMES_SECTION);
    if (grants?.length !== layout.grantBytes) {
      throw new DomusError('stream.bad-engine-state', 'the saved machine has no grant frames');
    }
    if (grants === this.grantsInPlace) return;
    memory.write(layout.bar1, grants);
    this.grantsInPlace = grants;
  }

  private putInPlace(): void {
    this.putGrants();
    const engine = engineStateOf(this.sections);
    mustFit(() =>
      this.domain.rehearse({ engine, hypervisor: parseDomainState(this.hypervisorState) }),
    );
  }

  /**
   * After the reader's `finish`: makes the domain what the stream says, and returns its xenstore
   * part, unchecked.
   *
   * @throws DomusError `stream.…` for a state that does not fit
   */
  complete(): { xenstore: Uint8Array | null } {
    const { domain, ballooned } = this;
    this.putGrants();
    for (let gfn = ballooned.indexOf(1); gfn >= 0; gfn = ballooned.indexOf(1, gfn + 1)) {
      domain.physmap.markBallooned(gfn, 1);
    }
    const engine = engineStateOf(this.sections);
    mustFit(() => {
      const hypervisor = parseDomainState(this.hypervisorState);
      if (this.exactCode) domain.engine.adoptCode(this.exactCode);
      domain.restore({ engine, hypervisor });
    });
    return { xenstore: this.exported };
  }
}

/** @throws DomusError for whatever `work` throws */
function mustFit(work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (cause instanceof DomusError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomusError('stream.bad-domain-state', `the saved domain does not fit: ${why}`, {
      cause,
    });
  }
}
