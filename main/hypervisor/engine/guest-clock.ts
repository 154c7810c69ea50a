/**
 * Guest time, in milliseconds since the domain's birth: the machine's monotonic time while the
 * domain may run, standing still while it is paused, saved or in flight. Every clock of the machine
 * (TSC, local APIC, PIT, RTC, PM timer, Xen's system time) is derived from it, so none jumps.
 */
export class GuestClock {
  private readonly hostNow: () => number;
  private offsetMs: number;
  private frozenAtMs: number | null;

  /** Starts frozen at `startMs`; `hostNow` is monotonic, milliseconds. */
  constructor(hostNow: () => number, startMs = 0) {
    this.hostNow = hostNow;
    this.offsetMs = 0;
    this.frozenAtMs = startMs;
  }

  now(): number {
    return this.frozenAtMs ?? this.hostNow() + this.offsetMs;
  }

  get frozen(): boolean {
    return this.frozenAtMs !== null;
  }

  freeze(): void {
    this.frozenAtMs ??= this.now();
  }

  /** Goes on from where it stood. */
  thaw(): void {
    if (this.frozenAtMs === null) return;
    this.offsetMs = this.frozenAtMs - this.hostNow();
    this.frozenAtMs = null;
  }

  /** Goes on as if it had not stood still: for an instant in which the domain was only looked at. */
  catchUp(): void {
    this.frozenAtMs = null;
  }

  /** Sets the time of a frozen clock: a restored machine goes on from its own time. */
  set(timeMs: number): void {
    this.frozenAtMs = timeMs;
  }
}
