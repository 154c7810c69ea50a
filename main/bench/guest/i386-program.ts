/**
 * Small programs for guests, as machine code: the image has neither a compiler nor a program that
 * answers datagrams. Each is one segment: header, code, and behind it zeroed memory.
 */

const BASE = 0x0804_8000;
const ELF_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const HEADERS_BYTES = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;
/** Where the code's own memory begins: the code is shorter. */
export const MEMORY = BASE + 0x1000;

/** System calls of Linux on i386 (`arch/x86/entry/syscalls/syscall_32.tbl`). */
const SYSTEM_CALL = {
  exit: 1,
  socket: 359,
  bind: 361,
  listen: 363,
  sendto: 369,
  recvfrom: 371,
  pidfd_open: 434,
  pidfd_getfd: 438,
} as const;

type Register = 'eax' | 'ecx' | 'edx' | 'ebx' | 'ebp' | 'esi' | 'edi';
const REGISTER: Record<Register, number> = {
  eax: 0,
  ecx: 1,
  edx: 2,
  ebx: 3,
  ebp: 5,
  esi: 6,
  edi: 7,
};

/** Writes instructions one after the other (Intel's manual, volume 2). */
export class I386Program {
  private readonly bytes: number[] = [];

  /** `mov register, value` for each. */
  set(values: Partial<Record<Register, number>>): this {
    for (const [register, value] of Object.entries(values)) {
      this.bytes.push(0xb8 + REGISTER[register as Register], ...u32(value));
    }
    return this;
  }

  /** `mov to, from` */
  copy(to: Register, from: Register): this {
    this.bytes.push(0x89, 0xc0 | (REGISTER[from] << 3) | REGISTER[to]);
    return this;
  }

  /** `mov dword [address], value` */
  store(address: number, value: number): this {
    this.bytes.push(0xc7, 0x05, ...u32(address), ...u32(value));
    return this;
  }

  /** `inc dword [address]` */
  increment(address: number): this {
    this.bytes.push(0xff, 0x05, ...u32(address));
    return this;
  }

  /** `mov eax, [address]` */
  load(address: number): this {
    this.bytes.push(0xa1, ...u32(address));
    return this;
  }

  /** `rep stosd`: eax to ecx double words from edi on. */
  fill(): this {
    this.bytes.push(0xf3, 0xab);
    return this;
  }

  /** `int 0x80`; its arguments are in ebx, ecx, edx, esi, edi and ebp, its result in eax. */
  call(name: keyof typeof SYSTEM_CALL): this {
    this.set({ eax: SYSTEM_CALL[name] });
    this.bytes.push(0xcd, 0x80);
    return this;
  }

  /** `test eax, eax; js there`: there, when eax is negative. */
  ifNegative(there: number): this {
    this.bytes.push(0x85, 0xc0, 0x0f, 0x88);
    return this.distance(there);
  }

  /** `jmp there` */
  jump(there: number): this {
    this.bytes.push(0xe9);
    return this.distance(there);
  }

  /** The next instruction, as the place to jump to. */
  get here(): number {
    return this.bytes.length;
  }

  /** An executable file of the System V ABI, with `memoryBytes` zeros at {@link MEMORY}. */
  file(memoryBytes: number): Buffer {
    const code = Buffer.from(this.bytes);
    const fileBytes = HEADERS_BYTES + code.length;
    if (BASE + fileBytes > MEMORY) throw new RangeError('the code is too long');
    const header = Buffer.alloc(HEADERS_BYTES);
    // Identification: 32 bits, little-endian, version 1.
    header.write('\x7fELF\x01\x01\x01', 'latin1');
    header.writeUInt16LE(2, 16); // executable
    header.writeUInt16LE(3, 18); // Intel 80386
    header.writeUInt32LE(1, 20);
    header.writeUInt32LE(BASE + HEADERS_BYTES, 24); // entry
    header.writeUInt32LE(ELF_HEADER_BYTES, 28); // program headers
    header.writeUInt16LE(ELF_HEADER_BYTES, 40);
    header.writeUInt16LE(PROGRAM_HEADER_BYTES, 42);
    header.writeUInt16LE(1, 44); // of which there is one
    const segment = header.subarray(ELF_HEADER_BYTES);
    segment.writeUInt32LE(1, 0); // to be loaded
    segment.writeUInt32LE(BASE, 8);
    segment.writeUInt32LE(BASE, 12);
    segment.writeUInt32LE(fileBytes, 16);
    segment.writeUInt32LE(MEMORY - BASE + memoryBytes, 20);
    segment.writeUInt32LE(7, 24); // read, write, execute
    segment.writeUInt32LE(0x1000, 28);
    return Buffer.concat([header, code]);
  }

  private distance(there: number): this {
    const next = this.bytes.length + 4;
    this.bytes.push(...u32(there - next));
    return this;
  }
}

function u32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
}
