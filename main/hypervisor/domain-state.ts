/**
 * What a domain is besides its memory, as plain data: named fields, versioned, validated when it is
 * loaded. Addresses are checked against the memory where they are used.
 */
import { z } from 'zod';
import { DomusError } from '../../shared/errors.ts';
import type { EngineState } from './engine/engine.ts';

export const DOMAIN_STATE_VERSION = 1;

const Index = z.int().min(0).max(0xffff_ffff);
const Pieces = z.array(z.object({ physical: Index, length: z.int().min(1).max(4096) })).max(2);
const Base64 = z.base64().max(8192);

const Channel = z.discriminatedUnion('type', [
  z.object({ type: z.literal('unbound'), remote: z.int().min(0).max(0xffff) }),
  z.object({ type: z.literal('interdomain'), remote: z.int().min(0).max(0xffff) }),
  z.object({ type: z.literal('virq'), virq: z.int().min(0).max(23) }),
  z.object({ type: z.literal('ipi') }),
]);

const Saved = z.object({
  version: z.literal(DOMAIN_STATE_VERSION),
  shared: z.object({
    gfn: Index.nullable(),
    vcpuInfo: Index.nullable(),
    timeArea: Pieces,
    unplaced: Base64.nullable(),
  }),
  events: z.array(z.object({ port: z.int().min(1).max(1023), channel: Channel })).max(1023),
  grants: z.array(Index.nullable()).max(64),
  params: z.array(z.tuple([z.int().min(0).max(63), z.string().regex(/^\d{1,20}$/)])).max(64),
  vcpu: z.object({
    deadlineMs: z.number().nullable(),
    upcallVector: z.int().min(0x10).max(0xff).nullable(),
    runstateArea: Pieces,
    runstateNs: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    runstateUpdateFlag: z.boolean(),
  }),
  platform: z.object({ flags: Index, product: Index, build: Index, unplugged: Index }),
  power: z.object({
    control: z.int().min(0).max(0xffff),
    gpeStatus: z.array(z.int().min(0).max(255)).length(2),
    gpeEnable: z.array(z.int().min(0).max(255)).length(2),
  }),
});

/** The hypervisor's side of a domain; JSON can hold it. */
export type DomainState = z.infer<typeof Saved>;

/** Everything of a domain but its memory and its xenstore. */
export interface WholeDomainState {
  engine: EngineState;
  hypervisor: DomainState;
}

/** @throws DomusError `stream.bad-domain-state` for data that is no such state */
export function parseDomainState(data: unknown): DomainState {
  const parsed = Saved.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DomusError(
    'stream.bad-domain-state',
    `the saved domain does not fit this hypervisor (${issue?.path.join('.')}: ${issue?.message})`,
  );
}
