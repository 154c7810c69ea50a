/** A bzImage's header with nothing behind it that runs; `change` spoils it. */
export function writeKernel(change: (head: Buffer) => void = () => undefined): Buffer {
  const setupSectors = 4;
  const paragraphs = 64;
  const kernel = Buffer.alloc((setupSectors + 1) * 512 + paragraphs * 16);
  kernel.writeUInt8(setupSectors, 0x1f1);
  kernel.writeUInt32LE(paragraphs, 0x1f4);
  kernel.writeUInt16LE(0xaa55, 0x1fe);
  kernel.write('HdrS', 0x202, 'latin1');
  kernel.writeUInt16LE(0x020f, 0x206);
  kernel.writeUInt16LE(0x300 - 0x200, 0x20e);
  kernel.writeUInt8(1, 0x211);
  kernel.write('6.1.0-test (someone@example.org) #1\0', 0x300, 'latin1');
  change(kernel);
  return kernel;
}

/** A 32-bit ELF file with nothing but a `.modinfo` section. */
export function writeModule(fields: Readonly<Record<string, string | readonly string[]>>): Buffer {
  const lines = Object.entries(fields).flatMap(([key, values]) =>
    [values].flat().map((value) => `${key}=${value}\0`),
  );
  const modinfo = Buffer.from(lines.join(''), 'latin1');
  const names = Buffer.from('\0.modinfo\0.shstrtab\0', 'latin1');
  const header = Buffer.alloc(52);
  const table = 52 + modinfo.length + names.length;
  Buffer.from('7f454c46010101', 'hex').copy(header);
  header.writeUInt32LE(table, 32);
  header.writeUInt16LE(3, 48);
  header.writeUInt16LE(2, 50);
  const section = (name: number, offset: number, size: number): Buffer => {
    const entry = Buffer.alloc(40);
    entry.writeUInt32LE(name, 0);
    entry.writeUInt32LE(offset, 16);
    entry.writeUInt32LE(size, 20);
    return entry;
  };
  return Buffer.concat([
    header,
    modinfo,
    names,
    section(0, 0, 0),
    section(1, 52, modinfo.length),
    section(10, 52 + modinfo.length, names.length),
  ]);
}
