/** What a kernel module says about itself in its `.modinfo` section. */
export interface ModuleInfo {
  readonly name: string;
  /** Modules whose symbols it uses. */
  readonly depends: readonly string[];
  /** Modules asked to be loaded before it (`softdep: pre:`). */
  readonly softDepends: readonly string[];
  readonly aliases: readonly string[];
}

const ELF_MAGIC = 0x464c457f; // "\x7fELF", little-endian
const SECTION_HEADER_BYTES = 40;

/**
 * Reads a 32-bit little-endian ELF kernel module. Layout: System V ABI, chapter 4 (Elf32_Ehdr,
 * Elf32_Shdr). Returns undefined when the bytes are no such module.
 */
export function readModuleInfo(module: Buffer): ModuleInfo | undefined {
  const section = modinfoSection(module);
  if (section === undefined) return undefined;
  const fields = section
    .toString('latin1')
    .split('\0')
    .map((field): [string, string] => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)];
    });
  const all = (key: string): string[] =>
    fields.flatMap(([name, value]) => (name === key ? [value] : []));
  const name = all('name')[0];
  if (name === undefined) return undefined;
  return {
    name,
    depends: (all('depends')[0] ?? '').split(',').filter((dependency) => dependency !== ''),
    softDepends: all('softdep').flatMap(preDependencies),
    aliases: all('alias'),
  };
}

/** `pre: a b post: c` asks for a and b first. */
function preDependencies(softdep: string): string[] {
  const pre = /(?:^|\s)pre:\s*(.*?)(?:\s*post:|$)/.exec(softdep)?.[1] ?? '';
  return pre.split(/\s+/).filter((name) => name !== '');
}

function modinfoSection(elf: Buffer): Buffer | undefined {
  if (elf.length < 52 || elf.readUInt32LE(0) !== ELF_MAGIC || elf[4] !== 1) return undefined;
  const table = elf.readUInt32LE(32);
  const count = elf.readUInt16LE(48);
  const namesIndex = elf.readUInt16LE(50);
  if (table + count * SECTION_HEADER_BYTES > elf.length || namesIndex >= count) return undefined;
  const sectionAt = (index: number): { nameOffset: number; bytes: Buffer } => {
    const header = table + index * SECTION_HEADER_BYTES;
    const offset = elf.readUInt32LE(header + 16);
    const size = elf.readUInt32LE(header + 20);
    return { nameOffset: elf.readUInt32LE(header), bytes: elf.subarray(offset, offset + size) };
  };
  const names = sectionAt(namesIndex).bytes.toString('latin1');
  for (let index = 0; index < count; index += 1) {
    const section = sectionAt(index);
    if (names.startsWith('.modinfo\0', section.nameOffset)) return section.bytes;
  }
  return undefined;
}
