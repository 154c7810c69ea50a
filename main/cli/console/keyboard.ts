/** What is typed or piped in, on its way to a console, watched for the key that leaves. */

/** Ctrl-], as with `xl console` and telnet. */
const LEAVE = 0x1d;
/** More than this on its way, and a pipe is not read on; a person never gets there. */
const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;
const POLL_MS = 10;

export interface InputSink {
  input(bytes: Uint8Array): void;
  readonly bufferedAmount: number;
}

export class Keyboard implements Disposable {
  /** Settles when the leave key was pressed. */
  readonly left: Promise<void>;
  /** Settles at the end of the input, when all of it is on its way. */
  readonly ended: Promise<void>;
  private readonly stream: NodeJS.ReadStream;
  private readonly leave = Promise.withResolvers<void>();
  private readonly end = Promise.withResolvers<void>();
  private sink: InputSink | null = null;

  constructor(stream: NodeJS.ReadStream) {
    this.stream = stream;
    this.left = this.leave.promise;
    this.ended = this.end.promise;
    stream.on('data', this.receive);
    stream.on('end', this.end.resolve);
    // A terminal that went away.
    stream.on('error', this.end.resolve);
    this.connect(null);
  }

  /** Where input goes from now on. Without a console a pipe waits; what is typed is lost. */
  connect(sink: InputSink | null): void {
    this.sink = sink;
    if (sink || this.stream.isTTY) this.stream.resume();
    else this.stream.pause();
  }

  [Symbol.dispose](): void {
    this.stream.off('data', this.receive);
    this.stream.off('end', this.end.resolve);
    this.stream.pause();
  }

  private readonly receive = (bytes: Uint8Array): void => {
    const leaveAt = bytes.indexOf(LEAVE);
    const typed = leaveAt === -1 ? bytes : bytes.subarray(0, leaveAt);
    if (typed.length > 0) this.sink?.input(typed);
    if (leaveAt !== -1) this.leave.resolve();
    else if (this.sink && this.sink.bufferedAmount > HIGH_WATER_BYTES) void this.hold(this.sink);
  };

  private async hold(sink: InputSink): Promise<void> {
    this.stream.pause();
    while (this.sink === sink && sink.bufferedAmount > LOW_WATER_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (this.sink === sink) this.stream.resume();
  }
}
