/**
 * An assembler for the little ACPI Machine Language that a domain's tables need (ACPI 6.4, 20.2).
 * Every function gives the bytes of one term.
 */
export type Aml = readonly number[];

const op = {
  zero: 0x00,
  one: 0x01,
  name: 0x08,
  byte: 0x0a,
  word: 0x0b,
  dword: 0x0c,
  string: 0x0d,
  scope: 0x10,
  buffer: 0x11,
  package: 0x12,
  method: 0x14,
  extended: 0x5b,
  device: 0x82,
  notify: 0x86,
} as const;

const ascii = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** at) & 0xff);

/** A package length counts itself: one byte up to 63, else a nibble and up to three bytes. */
function withLength(content: Aml): number[] {
  if (content.length + 1 <= 0x3f) return [content.length + 1, ...content];
  const length = content.length + (content.length + 2 <= 0xfff ? 2 : 3);
  const extra = length <= 0xfff ? 1 : 2;
  return [(extra << 6) | (length & 0xf), ...littleEndian(length >> 4, extra), ...content];
}

/** `\_SB.PCI0`: segments of up to four characters, padded with underscores. */
function nameString(path: string): number[] {
  const root = path.startsWith('\\') ? ascii('\\') : [];
  const segments = path.replace('\\', '').split('.').filter(Boolean);
  const bytes = segments.flatMap((segment) => ascii(segment.padEnd(4, '_')));
  if (segments.length <= 1) return [...root, ...(segments.length ? bytes : [0])];
  if (segments.length === 2) return [...root, 0x2e, ...bytes];
  return [...root, 0x2f, segments.length, ...bytes];
}

export function integer(value: number): Aml {
  if (value === 0) return [op.zero];
  if (value === 1) return [op.one];
  if (value <= 0xff) return [op.byte, value];
  if (value <= 0xffff) return [op.word, ...littleEndian(value, 2)];
  return [op.dword, ...littleEndian(value, 4)];
}

export const string = (text: string): Aml => [op.string, ...ascii(text), 0];
export const name = (path: string, value: Aml): Aml => [op.name, ...nameString(path), ...value];
export const packageOf = (...items: Aml[]): Aml => [
  op.package,
  ...withLength([items.length, ...items.flat()]),
];
export const buffer = (bytes: Aml): Aml => [
  op.buffer,
  ...withLength([...integer(bytes.length), ...bytes]),
];
export const scope = (path: string, ...terms: Aml[]): Aml => [
  op.scope,
  ...withLength([...nameString(path), ...terms.flat()]),
];
export const device = (path: string, ...terms: Aml[]): Aml => [
  op.extended,
  op.device,
  ...withLength([...nameString(path), ...terms.flat()]),
];
/** A method without arguments. */
export const method = (path: string, ...terms: Aml[]): Aml => [
  op.method,
  ...withLength([...nameString(path), 0, ...terms.flat()]),
];
export const notify = (path: string, value: number): Aml => [
  op.notify,
  ...nameString(path),
  ...integer(value),
];

/** A compressed EISA id, "PNP0A03": three letters and four hexadecimal digits. */
export function eisaId(id: string): Aml {
  const letters = ascii(id.slice(0, 3)).map((code) => code - 0x40);
  const [a = 0, b = 0, c = 0] = letters;
  const product = Number.parseInt(id.slice(3), 16);
  return [op.dword, (a << 2) | (b >> 3), ((b & 7) << 5) | c, product >> 8, product & 0xff];
}

// Resource descriptors (ACPI 6.4, 6.4): the contents of a _CRS buffer.

const ADDRESS_SPACE = { memory: 0, io: 1, bus: 2 } as const;

/** A word or double-word address space descriptor that a bridge produces for what is behind it. */
function window(kind: keyof typeof ADDRESS_SPACE, start: number, end: number): Aml {
  const wide = kind === 'memory';
  const size = wide ? 4 : 2;
  // Producer, fixed minimum and maximum; I/O: the entire range; memory: read-write.
  const flags = { memory: [0x0c, 0x01], io: [0x0c, 0x03], bus: [0x0c, 0x00] }[kind];
  const fields = [0, start, end, 0, end - start + 1].flatMap((value) => littleEndian(value, size));
  return [
    wide ? 0x87 : 0x88,
    ...littleEndian(fields.length + 3, 2),
    ADDRESS_SPACE[kind],
    ...flags,
    ...fields,
  ];
}

export const memoryWindow = (start: number, end: number): Aml => window('memory', start, end);
export const ioWindow = (start: number, end: number): Aml => window('io', start, end);
export const busWindow = (start: number, end: number): Aml => window('bus', start, end);
/** A range of ports that a device itself decodes. */
export const ioPorts = (start: number, count: number): Aml => [
  0x47,
  0x01,
  ...littleEndian(start, 2),
  ...littleEndian(start, 2),
  0x01,
  count,
];

/** A _CRS of the given descriptors, with the end tag. */
export const resources = (...descriptors: Aml[]): Aml =>
  name('_CRS', buffer([...descriptors.flat(), 0x79, 0]));
