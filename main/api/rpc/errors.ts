/**
 * Errors on their way through the RPC library: a {@link DomusError} keeps code, sentence and data
 * on the wire, and input that the contract refuses becomes `input.invalid` with a sentence.
 */
import { ORPCError } from '@orpc/client';
import { DomusError } from '../../../shared/errors.ts';

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
}

/** What a procedure or a stream threw, as the error that the RPC library sends. */
export function toWireError(error: unknown): ORPCError<string, unknown> {
  const { code, message, data } = DomusError.toData(fromWireError(error));
  return new ORPCError(code, { status: httpStatus(code), message, data, cause: error });
}

/** The error that a person sees, from what the RPC library threw. Others pass unchanged. */
export function fromWireError(error: unknown): unknown {
  if (!(error instanceof ORPCError)) return error;
  const wire = error as ORPCError<string, unknown>;
  const data = isRecord(wire.data) ? wire.data : {};
  if (wire.code === 'BAD_REQUEST') return invalidInput(wire.message, data);
  if (wire.code === 'NOT_FOUND') {
    return new DomusError('api.unknown-call', 'this version has no such call');
  }
  if (wire.code === 'INTERNAL_SERVER_ERROR') {
    return new DomusError('internal', causeMessage(wire), { cause: wire.cause });
  }
  return new DomusError(wire.code, wire.message, { data });
}

/** HTTP's view of a code: the area does not matter, what happened does. */
export function httpStatus(code: string): number {
  if (code === 'internal' || code.startsWith('channel.')) return 500;
  if (code === 'input.invalid' || code === 'usage') return 400;
  const what = code.slice(code.lastIndexOf('.') + 1);
  return what === 'unknown' || what === 'not-found' || what === 'unknown-call' ? 404 : 409;
}

function invalidInput(message: string, data: Record<string, unknown>): DomusError {
  const issues = Array.isArray(data.issues) ? (data.issues as Issue[]) : [];
  const all = issues.map((issue) => ({ at: pathText(issue.path ?? []), what: issue.message }));
  // The first fault of a value explains the others.
  const faults = all.filter(({ at }, index) => all.findIndex((other) => other.at === at) === index);
  const sentence = faults.map(({ at, what }) => (at === '' ? what : `${at}: ${what}`)).join('; ');
  return new DomusError('input.invalid', sentence === '' ? message : sentence, {
    data: { issues: faults },
  });
}

function pathText(path: NonNullable<Issue['path']>): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}

function causeMessage(error: ORPCError<string, unknown>): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
