/** L2 tables or refcount blocks in memory: those used last, and all that differ from the file. */
import type { BlockFile } from '../files/block-file.ts';

/** Tables are written in pieces of this: what a file system writes anyway. */
const PIECE_BYTES = 4096;

export class Table {
  /** Byte offset in the file. */
  readonly offset: number;
  readonly view: DataView<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Nothing of it was ever written. */
  isNew: boolean;
  /** A commit under way still has something of it to write: the file is older than this. */
  committing = false;
  /** Indices of pieces that differ from the file. */
  readonly dirty = new Set<number>();

  constructor(offset: number, bytes: Uint8Array<ArrayBuffer>, isNew: boolean) {
    this.offset = offset;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.isNew = isNew;
  }
}

/** Bytes of a table that are to be written, as they were when they were taken. */
export interface Piece {
  table: Table;
  index: number;
  bytes: Uint8Array;
}

export class TableCache {
  private readonly file: BlockFile;
  private readonly clusterBytes: number;
  private readonly capacity: number;
  /** From the one unused for longest to the one used last. */
  private readonly tables = new Map<number, Table>();
  readonly dirty = new Set<Table>();

  /** @param capacity in tables; more are held only while more are dirty */
  constructor(file: BlockFile, clusterBytes: number, capacity: number) {
    this.file = file;
    this.clusterBytes = clusterBytes;
    this.capacity = capacity;
  }

  /** The table at a byte offset of the file. @throws DomusError `disk.…` when it cannot be read */
  get(offset: number): Table {
    const present = this.tables.get(offset);
    if (present) {
      this.tables.delete(offset);
      this.tables.set(offset, present);
      return present;
    }
    const bytes = new Uint8Array(this.clusterBytes);
    this.file.read(offset, [bytes]);
    return this.add(new Table(offset, bytes, false));
  }

  /** A table of zeros where there was none. */
  create(offset: number): Table {
    const table = this.add(new Table(offset, new Uint8Array(this.clusterBytes), true));
    this.dirty.add(table);
    return table;
  }

  /** The table is none: what was changed of it is not written. */
  forget(offset: number): void {
    const table = this.tables.get(offset);
    if (table) this.dirty.delete(table);
    this.tables.delete(offset);
  }

  /** The byte at `at` of the table was changed. */
  changed(table: Table, at: number): void {
    table.dirty.add(Math.floor(at / PIECE_BYTES));
    this.dirty.add(table);
  }

  /** Writes a table that is new, or what is dirty of it. @throws DomusError `disk.…` */
  write(table: Table): void {
    if (table.isNew) this.file.write(table.offset, [table.bytes]);
    else for (const index of table.dirty) this.writePiece(this.piece(table, index));
    table.isNew = false;
    table.dirty.clear();
    this.dirty.delete(table);
  }

  /** Takes what is dirty, to be written later; until `committed` it stays in memory. */
  capture(): Piece[] {
    const pieces: Piece[] = [];
    for (const table of this.dirty) {
      for (const index of table.dirty) {
        const piece = this.piece(table, index);
        pieces.push({ ...piece, bytes: piece.bytes.slice() });
      }
      table.dirty.clear();
      table.committing = true;
    }
    this.dirty.clear();
    return pieces;
  }

  writePiece({ table, index, bytes }: Piece): void {
    this.file.write(table.offset + index * PIECE_BYTES, [bytes]);
  }

  /** What was captured is stable; or, when `failed`, is dirty again. */
  committed(pieces: readonly Piece[], failed: boolean): void {
    for (const { table, index } of pieces) {
      table.committing = false;
      if (failed) this.changed(table, index * PIECE_BYTES);
    }
  }

  private piece(table: Table, index: number): Piece {
    const at = index * PIECE_BYTES;
    return { table, index, bytes: table.bytes.subarray(at, at + PIECE_BYTES) };
  }

  private add(table: Table): Table {
    this.tables.set(table.offset, table);
    if (this.tables.size > this.capacity) this.evict(table);
    return table;
  }

  private evict(keep: Table): void {
    for (const table of this.tables.values()) {
      if (table === keep || table.committing || this.dirty.has(table)) continue;
      this.tables.delete(table.offset);
      if (this.tables.size <= this.capacity) return;
    }
  }
}
