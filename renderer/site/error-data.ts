import { ORPCError } from '@orpc/client';
import { DomusError, type ErrorData } from '../../shared/errors.ts';

/** Any failure of a call as what a person is shown: code, sentence, data. */
export function errorDataOf(error: unknown): ErrorData {
  if (!(error instanceof ORPCError)) return DomusError.toData(error);
  const wire = error as ORPCError<string, unknown>;
  const data =
    typeof wire.data === 'object' && wire.data !== null
      ? (wire.data as Record<string, unknown>)
      : {};
  return { code: wire.code, message: wire.message, data };
}

/** The sentence of it; null where nothing failed. */
export function messageOf(error: unknown): string | null {
  return error === null ? null : errorDataOf(error).message;
}
