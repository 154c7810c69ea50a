/** DNS messages (RFC 1035): one question, and answers of address and name records. */
import { viewOf } from './ethernet.ts';
import type { Ipv4Address } from '../address/ipv4-address.ts';

export const DNS_PORT = 53;
export const DnsType = { a: 1, ptr: 12, any: 255 } as const;
export const DnsResponseCode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;

const HEADER_BYTES = 12;
const CLASS_INTERNET = 1;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
/** A pointer to the question's name, which always follows the header. */
const NAME_OF_QUESTION = 0xc000 | HEADER_BYTES;
const Flag = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
} as const;

export interface DnsQuery {
  id: number;
  recursionDesired: boolean;
  /** In lower case, without the last dot; `''` is the root. */
  name: string;
  type: number;
  /** The question as it came, to be quoted in the response. */
  question: Uint8Array;
}

export type DnsRecord =
  | { readonly kind: 'a'; readonly address: Ipv4Address }
  | { readonly kind: 'ptr'; readonly name: string };

/** Null when there is nobody to answer; a number is the response code that the query deserves. */
export function readDnsQuery(message: Uint8Array): DnsQuery | number | null {
  if (message.length < HEADER_BYTES) return null;
  const view = viewOf(message);
  const flags = view.getUint16(2);
  if ((flags & Flag.response) !== 0) return null;
  if ((flags & Flag.opcode) !== 0) return DnsResponseCode.notImplemented;
  if (view.getUint16(4) !== 1) return DnsResponseCode.formatError;
  const read = readName(view, HEADER_BYTES);
  if (!read || read.end + 4 > message.length) return DnsResponseCode.formatError;
  if (view.getUint16(read.end + 2) !== CLASS_INTERNET) return DnsResponseCode.refused;
  return {
    id: view.getUint16(0),
    recursionDesired: (flags & Flag.recursionDesired) !== 0,
    name: read.name,
    type: view.getUint16(read.end),
    question: message.subarray(HEADER_BYTES, read.end + 4),
  };
}

/**
 * Pointers do not occur in a question, whose name is the first in the message: they are refused,
 * and with them every loop.
 */
function readName(view: DataView, from: number): { name: string; end: number } | null {
  const labels: string[] = [];
  for (let at = from; at < view.byteLength;) {
    const bytes = view.getUint8(at);
    if (bytes === 0) return { name: labels.join('.'), end: at + 1 };
    const isTooLong = bytes > LABEL_BYTES_MAX || at + 1 + bytes - from >= NAME_BYTES_MAX;
    if (isTooLong || at + 1 + bytes > view.byteLength) return null;
    let label = '';
    for (let index = 1; index <= bytes; index++) {
      label += String.fromCharCode(view.getUint8(at + index));
    }
    labels.push(label.toLowerCase());
    at += 1 + bytes;
  }
  return null;
}

/** @throws RangeError for a name that DNS cannot carry */
export function encodeName(name: string): Uint8Array {
  const labels = name === '' ? [] : name.split('.');
  const bytes = [];
  for (const label of labels) {
    if (label.length === 0 || label.length > LABEL_BYTES_MAX) {
      throw new RangeError(`"${name}" is no domain name`);
    }
    bytes.push(label.length, ...Array.from(label, (character) => character.charCodeAt(0) & 255));
  }
  bytes.push(0);
  if (bytes.length > NAME_BYTES_MAX) throw new RangeError(`"${name}" is too long a domain name`);
  return Uint8Array.from(bytes);
}

/** A query as a resolver sends it. */
export function buildDnsQuery(id: number, name: string, type: number): Uint8Array {
  const encoded = encodeName(name);
  const message = new Uint8Array(HEADER_BYTES + encoded.length + 4);
  const view = viewOf(message);
  view.setUint16(0, id);
  view.setUint16(2, Flag.recursionDesired);
  view.setUint16(4, 1);
  message.set(encoded, HEADER_BYTES);
  view.setUint16(HEADER_BYTES + encoded.length, type);
  view.setUint16(HEADER_BYTES + encoded.length + 2, CLASS_INTERNET);
  return message;
}

/** An authoritative response to `query`, or one that only has a code. */
export function buildDnsResponse(
  query: DnsQuery,
  code: number,
  records: readonly DnsRecord[] = [],
  ttlSeconds = 0,
): Uint8Array {
  const answers = records.map((record) => encodeRecord(record, ttlSeconds));
  const bytes = answers.reduce((sum, { length }) => sum + length, query.question.length);
  const message = new Uint8Array(HEADER_BYTES + bytes);
  const view = viewOf(message);
  const isOurs = code === DnsResponseCode.noError || code === DnsResponseCode.nameError;
  view.setUint16(0, query.id);
  view.setUint16(
    2,
    Flag.response |
      (isOurs ? Flag.authoritative : 0) |
      (query.recursionDesired ? Flag.recursionDesired : 0) |
      Flag.recursionAvailable |
      code,
  );
  view.setUint16(4, 1);
  view.setUint16(6, answers.length);
  message.set(query.question, HEADER_BYTES);
  let at = HEADER_BYTES + query.question.length;
  for (const answer of answers) {
    message.set(answer, at);
    at += answer.length;
  }
  return message;
}

/** A response without a question, to a query that could not be read. */
export function buildDnsRefusal(message: Uint8Array, code: number): Uint8Array {
  const response = new Uint8Array(HEADER_BYTES);
  response.set(message.subarray(0, 2));
  viewOf(response).setUint16(2, Flag.response | code);
  return response;
}

function encodeRecord(record: DnsRecord, ttlSeconds: number): Uint8Array {
  const value = record.kind === 'a' ? new Uint8Array(4) : encodeName(record.name);
  if (record.kind === 'a') viewOf(value).setUint32(0, record.address);
  const bytes = new Uint8Array(12 + value.length);
  const view = viewOf(bytes);
  view.setUint16(0, NAME_OF_QUESTION);
  view.setUint16(2, record.kind === 'a' ? DnsType.a : DnsType.ptr);
  view.setUint16(4, CLASS_INTERNET);
  view.setUint32(6, ttlSeconds);
  view.setUint16(10, value.length);
  bytes.set(value, 12);
  return bytes;
}
