import { z } from 'zod';
import { DOMID_MAX } from './caller.ts';
import { XenstoreError } from './errno.ts';
import { parsePermissions } from './permissions.ts';
import { defaultQuota, type QuotaLimits } from './quota.ts';
import { ABSOLUTE_PATH_MAX_BYTES, PAYLOAD_MAX_BYTES, XsHeader } from './wire.ts';

/** Version of {@link DomainState}; a state of another version is refused. */
export const DOMAIN_STATE_VERSION = 1;

/** Far more than quotas let a domain have: what is wrong with each is not to be listed. */
const MOST_VALUES = 200_000;

const u32 = z.int().min(0).max(0xffffffff);
const domid = z.int().min(0).max(DOMID_MAX);
const path = z.string().min(1).max(ABSOLUTE_PATH_MAX_BYTES);
const bytes = z.base64();
const perms = z
  .array(z.string())
  .refine((texts) => parsePermissions(texts) !== undefined, 'not a permission list');
const leaf = z.string().regex(/^[\w@-]+$/);
const scope = z.enum(['exact', 'subtree']);

const savedNode = z.strictObject({
  path,
  /** The value, base64. */
  value: bytes,
  /** Permission list, the owner first: `['n0', 'r5']`. */
  perms,
});

const savedWatch = z.strictObject({
  /** As the guest gave it: relative to its home, absolute, or an `@` name. */
  path,
  /** Latin1 bytes, base64: a token may be any bytes but NUL. */
  token: bytes,
  /** Levels below the path that count; null for all. */
  depth: z.int().min(0).nullable(),
});

const savedAccess = z.strictObject({
  path,
  /** Whether the live node is still the one the transaction saw. */
  intact: z.boolean(),
  changed: z.boolean(),
  /** Permissions when first accessed, null if there was no node. */
  permsBefore: perms.nullable(),
  /** The transaction's own version: only of changed nodes, null if removed. */
  node: z.strictObject({ value: bytes, perms, children: z.array(leaf) }).nullable(),
});

const savedTransaction = z.strictObject({
  id: u32,
  failed: z.boolean(),
  doomed: z.boolean(),
  accesses: z.array(savedAccess),
  changes: z.array(z.strictObject({ path, scope })),
});

const savedConnection = z.strictObject({
  /** Half a request: bytes the guest sent that are not served yet. */
  input: bytes,
  /** Bytes that a transport had taken but not put into the guest's ring; may begin mid-message. */
  outputHead: bytes,
  /** Whole messages that follow. */
  output: z.array(bytes),
  watches: z.array(savedWatch),
  transactions: z.array(savedTransaction),
});

const quota = z.strictObject(
  Object.fromEntries(Object.keys(defaultQuota).map((name) => [name, z.int().min(0)])) as Record<
    keyof QuotaLimits,
    z.ZodInt
  >,
);

const domainState = z.strictObject({
  kind: z.literal('xenstore-domain'),
  version: z.literal(DOMAIN_STATE_VERSION),
  domid,
  /** The trees that belong to the domain, without overlap. */
  roots: z.array(path),
  /** All nodes of these trees, parents before children. */
  nodes: z.array(savedNode),
  /** Null if the connection had been dropped for a protocol error. */
  connection: savedConnection.nullable(),
  quota,
  /** Domain whose rights it has too. */
  target: domid.nullable(),
  /** Numbers that its guest was known by before: of copies of a domain with devices. */
  formerly: z.array(domid).max(256).default([]),
});

/** A domain's part of a store, for migration and snapshots: plain data, fit for JSON. */
export type DomainState = z.infer<typeof domainState>;
export type SavedNode = z.infer<typeof savedNode>;
export type SavedConnection = z.infer<typeof savedConnection>;
export type SavedTransaction = z.infer<typeof savedTransaction>;

/** Checks data that claims to be a {@link DomainState}; throws EINVAL saying what is wrong. */
export function parseDomainState(data: unknown): DomainState {
  if (countValues(data, MOST_VALUES) > MOST_VALUES) throw refuse('it says more than a domain has');
  const result = domainState.safeParse(data);
  if (result.success) {
    checkMessages(result.data);
    return result.data;
  }
  const issue = result.error.issues[0];
  throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
}

/** All values in it, at every depth; of more than `most` it does not count all. */
function countValues(data: unknown, most: number): number {
  let count = 0;
  for (const left = [data]; left.length > 0 && count <= most;) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    count += inner.length;
    if (count <= most) for (const each of inner) left.push(each);
  }
  return count;
}

/** Encodes bytes for a state. */
export function toBase64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
}

/** Decodes bytes of a state. */
export function fromBase64(data: string): Buffer {
  return Buffer.from(data, 'base64');
}

/** The error for a state that cannot be used. */
export function refuse(detail: string): XenstoreError {
  return new XenstoreError('EINVAL', 'import', 'a saved domain', detail);
}

function checkMessages({ connection }: DomainState): void {
  for (const [index, encoded] of (connection?.output ?? []).entries()) {
    const message = fromBase64(encoded);
    const length = message.length - XsHeader.size;
    const whole = length >= 0 && length === message.readUInt32LE(XsHeader.len);
    if (!whole || length > PAYLOAD_MAX_BYTES) {
      throw refuse(`connection.output.${index}: not a message`);
    }
  }
}
