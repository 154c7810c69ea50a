/**
 * An error that a person can see: what happened, to what, and what to do.
 *
 * It crosses every boundary (threads, sockets, the command line) as plain data
 * `{ code, message, data }`; {@link DomusError.from} rebuilds it on the other side.
 */
export class DomusError extends Error {
  /** Dotted, stable, machine-readable: `area.what`, for example `host.out-of-memory`. */
  readonly code: string;
  readonly data: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomusError';
    this.code = code;
    this.data = options.data ?? {};
  }

  toJSON(): ErrorData {
    return { code: this.code, message: this.message, data: this.data };
  }

  /** The error as data: a {@link DomusError} keeps its code, anything else becomes `internal`. */
  static toData(error: unknown): ErrorData {
    if (error instanceof DomusError) return error.toJSON();
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'internal', message, data: {} };
  }

  static from(data: ErrorData): DomusError {
    return new DomusError(data.code, data.message, { data: data.data });
  }
}

export interface ErrorData {
  code: string;
  message: string;
  data: Record<string, unknown>;
}
