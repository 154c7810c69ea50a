/** One disk of an I/O worker: takes requests from its ring, has its image do them, and answers. */
import { setImmediate } from 'node:timers/promises';
import type { DomusError } from '../../../../shared/errors.ts';
import type { Doorbell } from '../../../../shared/ring/doorbell.ts';
import { diskError } from '../disk-error.ts';
import type { DiskErrorCode } from '../disk-error.ts';
import { requestFault } from '../disk-image.ts';
import type { DiskImage, Done } from '../disk-image.ts';
import { settled } from '../done.ts';
import { PollWindow } from '../../rings/poll-window.ts';
import { DiskOperation, DiskStatus } from '../ring/disk-ring.abi.ts';
import type { DiskRequest, DiskRingServer } from '../ring/disk-ring-server.ts';

/** What one disk may do before the others have their turn. */
const TURN_REQUESTS = 16;
const TURN_BYTES = 2 ** 20;
/** A guest that works through a disk asks anew in this time. */
const NEXT_REQUEST_MS = 0.2;
/** What one disk may take, looking for more, before the others have their turn. */
const TURN_MS = 0.5;

export interface ServedDiskListener {
  /** The first of a row of failures of the same code. */
  onFailed(error: DomusError): void;
  onBroken(): void;
}

/** What was asked of one image, and has not been answered. */
interface Asked {
  image: DiskImage;
  underWay: number;
  onIdle: () => void;
}

export class ServedDisk {
  /** Requests that were taken, ever. */
  requests = 0;
  private asked: Asked;
  private readonly ring: DiskRingServer;
  private readonly doorbell: Doorbell;
  private readonly listener: ServedDiskListener;
  private readonly served: Promise<void>;
  private closing = false;
  /** Codes told to the listener since the last success, by operation. */
  private readonly told = new Map<DiskOperation, string>();
  private readonly next = new PollWindow(NEXT_REQUEST_MS);
  private onIdle: () => void = () => undefined;

  constructor(
    image: DiskImage,
    ring: DiskRingServer,
    doorbell: Doorbell,
    listener: ServedDiskListener,
  ) {
    this.asked = newAsked(image);
    this.ring = ring;
    this.doorbell = doorbell;
    this.listener = listener;
    this.served = this.serve();
  }

  /** What requests are asked of now. */
  get image(): DiskImage {
    return this.asked.image;
  }

  /** Requests go to another image from now on; settles when the former one has answered all of its. */
  async replaceImage(image: DiskImage): Promise<void> {
    const { asked } = this;
    this.asked = newAsked(image);
    while (asked.underWay > 0) await new Promise<void>((resolve) => (asked.onIdle = resolve));
  }

  /**
   * Goes on with what `open` gives, once what was asked for is done and stable; when this fails, with
   * what it had. Nothing may be asked meanwhile. @throws DomusError `disk.…`
   */
  async switchTo(open: () => Promise<DiskImage>): Promise<void> {
    while (this.ring.inFlight > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    const next = await settled((done) => this.image.close(done)).then(open);
    if (next.bytes !== this.image.bytes) {
      throw diskError('disk.bad-request', 'the disk', 'it goes on with one of its size only');
    }
    await this.replaceImage(next);
  }

  /** Serves its client no more; settles with its image, once that has answered all that it was asked. */
  async release(): Promise<DiskImage> {
    this.closing = true;
    this.ring.nudge();
    await this.served;
    while (this.ring.inFlight > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    this.ring.close();
    this.doorbell.ring();
    return this.image;
  }

  /**
   * Settles after the last access to what lies beneath. @throws DomusError `disk.…`
   *
   * @param isPatient waits for a server that is away as long as its requests do
   */
  async close(isPatient = false): Promise<void> {
    this.closing = true;
    if (!isPatient) this.image.hurry?.();
    this.ring.nudge();
    await this.served;
    while (this.ring.inFlight > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    try {
      await settled((done) => this.image.close(done));
    } finally {
      this.ring.close();
      this.doorbell.ring();
    }
  }

  /** @throws DomusError `disk.…` */
  async resize(bytes: number): Promise<void> {
    await settled((done) => this.image.resize(bytes, done));
  }

  private async serve(): Promise<void> {
    for (;;) {
      const turn = this.takeTurns();
      if (turn === 'broken') return this.break();
      if (turn === 'more') await setImmediate();
      else if (this.closing) return;
      else await this.ring.requested();
    }
  }

  /** For as long as requests come one after the other, or until others are to have their turn. */
  private takeTurns(): 'more' | 'idle' | 'broken' {
    const untilMs = performance.now() + TURN_MS;
    for (;;) {
      const turn = this.takeTurn();
      if (turn !== 'idle' || this.closing) return turn;
      if (performance.now() > untilMs) return 'more';
      if (!this.next.look(() => this.ring.hasRequest)) return 'idle';
    }
  }

  private takeTurn(): 'more' | 'idle' | 'broken' {
    const before = this.ring.inFlight;
    let bytes = 0;
    for (let requests = 0; requests < TURN_REQUESTS && bytes < TURN_BYTES; requests++) {
      const taken = this.ring.take();
      if (taken.kind === 'empty' || taken.kind === 'broken') {
        if (requests > this.ring.inFlight - before) this.doorbell.ring();
        return taken.kind === 'empty' ? 'idle' : 'broken';
      }
      if (taken.kind === 'refused') {
        this.ring.complete(taken.id, DiskStatus.badRequest);
      } else {
        bytes += taken.request.data.length > 0 ? taken.request.length : 0;
        this.start(taken.request);
      }
    }
    this.doorbell.ring();
    return 'more';
  }

  private start(request: DiskRequest): void {
    const { id, operation } = request;
    const { asked } = this;
    this.requests++;
    if (requestFault(this.image, request.offset, request.length)) {
      return this.ring.complete(id, DiskStatus.badRequest);
    }
    if (this.image.readOnly && operation !== DiskOperation.read) {
      // Nothing of it can be unstable; and a front end may flush before it looks at `info`.
      const flush = operation === DiskOperation.flush;
      return this.ring.complete(id, flush ? DiskStatus.ok : DiskStatus.readOnly);
    }
    let returned = false;
    asked.underWay++;
    const done: Done = (error) => {
      asked.underWay--;
      this.report(operation, error);
      this.ring.complete(id, error ? statusOf(error) : DiskStatus.ok);
      // What is done within the turn is told at its end.
      if (returned) this.doorbell.ring();
      this.onIdle();
      if (asked.underWay === 0) asked.onIdle();
    };
    this.perform(request, done);
    returned = true;
  }

  private perform({ operation, offset, length, data }: DiskRequest, done: Done): void {
    switch (operation) {
      case DiskOperation.read:
        return this.image.read(offset, data, done);
      case DiskOperation.write:
        return this.image.write(offset, data, done);
      case DiskOperation.discard:
        return this.image.discard(offset, length, done);
      case DiskOperation.flush:
        return this.image.flush(done);
    }
  }

  private report(operation: DiskOperation, error: DomusError | null): void {
    if (!error) {
      if (this.told.size > 0) this.told.delete(operation);
    } else if (this.told.get(operation) !== error.code) {
      this.told.set(operation, error.code);
      this.listener.onFailed(error);
    }
  }

  private break(): void {
    this.ring.close();
    this.doorbell.ring();
    this.listener.onBroken();
  }
}

function newAsked(image: DiskImage): Asked {
  return { image, underWay: 0, onIdle: () => undefined };
}

const STATUS: Partial<Record<string, DiskStatus>> = {
  'disk.no-space': DiskStatus.noSpace,
  'disk.read-only': DiskStatus.readOnly,
  'disk.bad-request': DiskStatus.badRequest,
  'disk.lost': DiskStatus.gone,
  'disk.corrupt': DiskStatus.gone,
  'disk.unreachable': DiskStatus.unreachable,
} satisfies Partial<Record<DiskErrorCode, DiskStatus>>;

function statusOf(error: DomusError): DiskStatus {
  return STATUS[error.code] ?? DiskStatus.failed;
}
