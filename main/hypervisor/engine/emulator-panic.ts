/** The emulator gave up on its guest: an instruction or a fault that it does not emulate. */
const MAX_WORDS = 512;

/** What the emulator throws for a guest that it cannot go on with, with its own words for why. */
export class EmulatorPanic extends Error {
  override readonly name = 'EmulatorPanic';
}

/** Keeps what the emulator says on its way down, which it would print otherwise. */
export class LastWords {
  private words = '';

  hear(bytes: Uint8Array): void {
    this.words = Buffer.from(bytes.subarray(0, MAX_WORDS)).toString('utf8');
  }

  /** The error of an emulator that stopped with a trap; any other error as it is. */
  explain(error: unknown): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    // "panicked at FILE:LINE:COLUMN:\nREASON", or nothing for a trap of the wasm itself.
    const reason = this.words.replace(/^panicked at [^\n]*\n/, '').trim();
    return new EmulatorPanic(reason || error.message, { cause: error });
  }
}
