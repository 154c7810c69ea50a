/**
 * What this folder claims about Xen's headers, as C expressions and their values: everything that
 * index.ts exports, so that a new table cannot be forgotten.
 */
import { snakeCase } from '../constants.ts';
import type { AnyFieldType, ArrayType } from '../field-types.ts';
import * as abi from '../index.ts';
import type { FieldTable, Struct } from '../struct.ts';
import { constantSources } from './c-constants.ts';

/** C expression to its value; 64-bit values beyond 2^53 in decimal, as a signed number. */
export type Claims = Record<string, number | string>;

type AnyStruct = Struct<FieldTable>;

const isStruct = (value: object): value is AnyStruct => 'fields' in value && 'offset' in value;
const isArrayType = (type: object): type is ArrayType<AnyFieldType> => 'element' in type;
const isFieldType = (value: object): boolean => 'read' in value && 'align' in value;

/** Structs with another C type, and those that later Xen releases appended fields to. */
const cTypes: Readonly<Record<string, { type?: string; size: string }>> = {
  sring: { type: 'struct blkif_sring', size: 'offsetof(struct blkif_sring, ring)' },
  xenstore_domain_interface: { size: 'offsetof(struct xenstore_domain_interface, error) + 4' },
  xencons_interface: { size: 'offsetof(struct xencons_interface, out_prod) + 4' },
};

/** Fields whose C name is not our name in Xen's spelling. */
const cFields: Readonly<Record<string, string>> = {
  'evtchn_init_control.pad': '_pad',
  'sring.pad': '__pad',
};

export function allClaims(): Claims {
  const claims: Claims = {};
  const claim = (expression: string, value: number | string | bigint): void => {
    const comparable = typeof value === 'bigint' ? comparableInteger(value) : value;
    if ((claims[expression] ?? comparable) !== comparable) {
      throw new Error(`${expression} is claimed to be ${claims[expression]} and ${comparable}`);
    }
    claims[expression] = comparable;
  };
  for (const [name, exported] of Object.entries(abi)) {
    if (typeof exported === 'function') continue;
    if (typeof exported === 'object' && isFieldType(exported)) {
      if (isStruct(exported)) claimStruct(exported, claim);
    } else {
      claimConstants(name, exported, claim);
    }
  }
  for (const [ring, entry] of ringEntries) {
    claim(`__CONST_RING_SIZE(${ring}, 4096)`, abi.ringCapacity(4096, entry));
    claim(`__CONST_RING_SIZE(${ring}, 32768)`, abi.ringCapacity(32768, entry));
  }
  return claims;
}

const ringEntries = [
  ['blkif', abi.BLKIF_RING_ENTRY_BYTES],
  ['netif_tx', abi.NetifRingEntryBytes.tx],
  ['netif_rx', abi.NetifRingEntryBytes.rx],
] as const;

/** A 64-bit integer as the C program prints it, read back. */
export function comparableInteger(value: bigint): number | string {
  const signed = BigInt.asIntN(64, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed.toString();
}

type Claim = (expression: string, value: number | string | bigint) => void;

function claimConstants(name: string, exported: unknown, claim: Claim): void {
  const source = constantSources[name];
  if (source === undefined) throw new Error(`testing/c-constants.ts does not mention ${name}`);
  if (typeof source !== 'function') return;
  const values = typeof exported === 'object' ? Object.entries(exported ?? {}) : [['', exported]];
  for (const [key, value] of values) claim(source(String(key)), value as number);
}

function claimStruct(table: AnyStruct, claim: Claim): void {
  const { type = `struct ${table.name}`, size = `sizeof(${type})` } = cTypes[table.name] ?? {};
  claim(size, table.size);
  claimFields(table, type, '', claim);
}

function claimFields(table: AnyStruct, cType: string, path: string, claim: Claim): void {
  for (const [field, [offset, type]] of Object.entries(table.fields)) {
    const cName = cFields[`${table.name}.${field}`] ?? snakeCase(field);
    const member = path + cName;
    if (path === '') claim(`offsetof(${cType}, ${member})`, offset);
    claim(`sizeof_field(${cType}, ${member})`, type.size);
    claimInside(type, cType, member, claim);
  }
}

function claimInside(type: AnyFieldType, cType: string, member: string, claim: Claim): void {
  if (isArrayType(type)) {
    claim(`sizeof_field(${cType}, ${member}[0])`, type.element.size);
    claimInside(type.element, cType, `${member}[0]`, claim);
  } else if (isStruct(type)) {
    for (const [field, [offset]] of Object.entries(type.fields)) {
      const inner = `${member}.${snakeCase(field)}`;
      claim(`offsetof(${cType}, ${inner}) - offsetof(${cType}, ${member})`, offset);
    }
    claimFields(type, cType, `${member}.`, claim);
  } else if (type.signed !== undefined) {
    claim(`is_signed(${cType}, ${member})`, Number(type.signed));
  }
}
