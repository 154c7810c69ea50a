import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagedMemory } from './testing/paged-memory.ts';
import { FAULT, translate } from './page-walk.ts';

const MIB = 2 ** 20;
const ROOT = 0x1000;
/** Directories and tables are handed out from here on. */
const TABLES = 0x10_000;

/** What a guest maps, as a kernel would say it: the model that the walk is compared with. */
interface Mapping {
  /** Number of the page, large or small, in the virtual address space. */
  page: number;
  size: 'large' | 'small';
  frame: number;
  present: boolean;
  writable: boolean;
  /** Of the directory entry above a small page. */
  directoryWritable: boolean;
}

const shapes = {
  'two-level': { largeBytes: 4 * MIB, entryBytes: 4, perTable: 1024 },
  pae: { largeBytes: 2 * MIB, entryBytes: 8, perTable: 512 },
} as const;
type Kind = keyof typeof shapes;

/** Large pages are few, so that mappings meet in one directory entry now and then. */
function mappings(kind: Kind): fc.Arbitrary<Mapping[]> {
  const { largeBytes } = shapes[kind];
  const largePages = 2 ** 32 / largeBytes;
  const large = fc.constantFrom(0, 1, largePages / 4, largePages / 2 + 3, largePages - 1);
  const mapping = fc
    .record({
      large,
      within: fc.integer({ min: 0, max: shapes[kind].perTable - 1 }),
      size: fc.constantFrom<'large' | 'small'>('large', 'small'),
      frame: fc.integer({ min: 0, max: 2 ** 20 - 1 }),
      present: fc.boolean(),
      writable: fc.boolean(),
      directoryWritable: fc.boolean(),
    })
    .map(({ large: number, within, ...rest }) => ({
      ...rest,
      page: rest.size === 'large' ? number : number * shapes[kind].perTable + within,
      frame: rest.size === 'large' ? rest.frame % largePages : rest.frame,
    }));
  return fc.array(mapping, { minLength: 1, maxLength: 12 });
}

/** The first mapping of a directory entry decides whether it is a large page or a table. */
class Model {
  readonly paged = new PagedMemory(4 * MIB);
  private readonly kind: Kind;
  private readonly directory = new Map<number, Mapping | Map<number, Mapping>>();
  private readonly tableWritable = new Map<number, boolean>();
  private nextTable = TABLES;

  constructor(kind: Kind, list: readonly Mapping[]) {
    this.kind = kind;
    if (kind === 'pae')
      for (let index = 0; index < 4; index++) this.paged.put(ROOT + index * 8, this.newTable() | 1);
    for (const mapping of list) this.map(mapping);
  }

  private newTable(): number {
    this.nextTable += 0x1000;
    return this.nextTable - 0x1000;
  }

  private map(mapping: Mapping): void {
    const { perTable, entryBytes, largeBytes } = shapes[this.kind];
    const number = mapping.size === 'large' ? mapping.page : Math.floor(mapping.page / perTable);
    const known = this.directory.get(number);
    const bits = Number(mapping.present) | (Number(mapping.writable) << 1);
    if (mapping.size === 'large') {
      if (known) return;
      this.directory.set(number, mapping);
      this.paged.put(
        this.directoryEntry(number),
        (mapping.frame * largeBytes + (bits | 0x80)) >>> 0,
      );
      return;
    }
    if (known && !(known instanceof Map)) return;
    const entry = this.directoryEntry(number);
    if (!known) {
      this.directory.set(number, new Map());
      this.tableWritable.set(number, mapping.directoryWritable);
      this.paged.put(entry, this.newTable() | 1 | (Number(mapping.directoryWritable) << 1));
    }
    const table = this.paged.memory.view.getUint32(entry, true) & ~0xfff;
    const within = mapping.page % perTable;
    (this.directory.get(number) as Map<number, Mapping>).set(within, mapping);
    this.paged.put(table + within * entryBytes, (mapping.frame * 4096 + bits) >>> 0);
  }

  private directoryEntry(number: number): number {
    if (this.kind === 'two-level') return ROOT + number * 4;
    return TABLES + Math.floor(number / 512) * 0x1000 + (number % 512) * 8;
  }

  expected(virtual: number, write: boolean): number {
    const { largeBytes, perTable } = shapes[this.kind];
    const entry = this.directory.get(Math.floor(virtual / largeBytes));
    if (!entry) return FAULT;
    if (!(entry instanceof Map)) {
      if (!entry.present || (write && !entry.writable)) return FAULT;
      return entry.frame * largeBytes + (virtual % largeBytes);
    }
    const page = entry.get(Math.floor(virtual / 4096) % perTable);
    const tableWritable = this.tableWritable.get(Math.floor(virtual / largeBytes));
    if (!page?.present || (write && !(page.writable && tableWritable))) return FAULT;
    return page.frame * 4096 + (virtual % 4096);
  }

  /** An address in a mapped place, or anywhere. */
  addresses(list: readonly Mapping[]): fc.Arbitrary<number> {
    const { largeBytes } = shapes[this.kind];
    const starts = list.map(({ page, size }) => page * (size === 'large' ? largeBytes : 4096));
    const near = fc.tuple(fc.constantFrom(...starts), fc.integer({ min: 0, max: largeBytes - 1 }));
    const inside = fc.tuple(fc.constantFrom(...starts), fc.integer({ min: 0, max: 4095 }));
    const anywhere = fc.integer({ min: 0, max: 0xffff_ffff });
    const sum = ([start, offset]: [number, number]): number => (start + offset) >>> 0;
    return fc.oneof(near.map(sum), inside.map(sum), anywhere);
  }
}

describe.each(['two-level', 'pae'] as const)('a %s walk', (kind) => {
  it('agrees with what was mapped, for reading and writing', () => {
    fc.assert(
      fc.property(
        mappings(kind),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        (list, picks, write) => {
          const model = new Model(kind, list);
          model.paged.turnOn(kind, ROOT);
          const addresses = fc.sample(model.addresses(list), {
            numRuns: 40,
            seed: picks.next().value as number,
          });
          for (const virtual of addresses) {
            const physical = translate(model.paged.cpu, model.paged.memory, virtual, write);
            expect(physical, virtual.toString(16)).toBe(model.expected(virtual, write));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets the kernel write what is read-only when write protection is off', () => {
    const page = {
      page: 5,
      size: 'small',
      frame: 9,
      present: true,
      writable: false,
      directoryWritable: false,
    } as const;
    const { paged } = new Model(kind, [page]);
    paged.turnOn(kind, ROOT, { writeProtect: false });
    expect(translate(paged.cpu, paged.memory, 5 * 4096 + 8, true)).toBe(9 * 4096 + 8);
  });

  it('finds nothing in tables that lie beyond the memory', () => {
    const paged = new PagedMemory(MIB);
    paged.put(ROOT, 0xffff_f003);
    paged.put(ROOT + 8, 0xffff_f003);
    paged.turnOn(kind, ROOT);
    for (const virtual of [0, 0xffff_ffff, 0x3fff_ffff]) {
      expect(translate(paged.cpu, paged.memory, virtual, false)).toBe(FAULT);
    }
    paged.turnOn('two-level', 0xffff_f000);
    expect(translate(paged.cpu, paged.memory, 0, false)).toBe(FAULT);
  });
});

describe('a walk', () => {
  it('is none while paging is off', () => {
    const paged = new PagedMemory(MIB);
    expect(translate(paged.cpu, paged.memory, 0xdead_beef, true)).toBe(0xdead_beef);
  });

  it('takes the size bit for nothing in two-level tables without the extension', () => {
    const paged = new PagedMemory(MIB);
    paged.put(ROOT, 0x2000 | 0x83);
    paged.put(0x2000 + 4 * 4, 0x7003);
    paged.turnOn('two-level', ROOT, { largePages: false });
    expect(translate(paged.cpu, paged.memory, 0x4010, true)).toBe(0x7010);
  });
});
