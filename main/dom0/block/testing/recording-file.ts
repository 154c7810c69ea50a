import type { Done } from '../disk-image.ts';
import { MemoryFile } from './memory-file.ts';

export type RecordedEvent =
  | { kind: 'write'; offset: number; bytes: Uint8Array }
  | { kind: 'extend'; size: number }
  /** The first `covers` events are stable. */
  | { kind: 'sync'; covers: number }
  /** Something a test says of this moment. */
  | { kind: 'note'; note: unknown };

/** A file that remembers how it came to be: any moment of its life can be had again. */
export class RecordingFile extends MemoryFile {
  readonly events: RecordedEvent[] = [];

  override write(offset: number, source: readonly Uint8Array[]): void {
    this.events.push({ kind: 'write', offset, bytes: new Uint8Array(Buffer.concat(source)) });
    super.write(offset, source);
  }

  override extend(size: number): void {
    if (size > this.size) this.events.push({ kind: 'extend', size });
    super.extend(size);
  }

  override sync(done: Done): void {
    // What is written after it was asked for may be missing still when it is answered.
    const covers = this.events.length;
    super.sync((error) => {
      this.events.push({ kind: 'sync', covers });
      done(error);
    });
  }

  override syncNow(): void {
    this.events.push({ kind: 'sync', covers: this.events.length });
  }

  note(note: unknown): void {
    this.events.push({ kind: 'note', note });
  }

  /**
   * The file after a failure behind the first `count` events. Of writes since the last sync those
   * survive for which `survives` says so: all after a kill, any after a power failure.
   */
  after(count: number, survives: (index: number) => boolean): MemoryFile {
    const events = this.events.slice(0, count);
    const stable = Math.max(
      0,
      ...events.map((event) => (event.kind === 'sync' ? event.covers : 0)),
    );
    const file = new MemoryFile();
    events.forEach((event, index) => {
      if (index >= stable && !survives(index)) return;
      if (event.kind === 'write') file.write(event.offset, [event.bytes]);
      if (event.kind === 'extend') file.extend(event.size);
    });
    return file;
  }
}
