/**
 * A saved domain as a file. What belongs to it is only known when the stream is complete (what its
 * disks were, what its console showed), so it comes last:
 *
 *     0        s  the domain's stream (`main/migration/stream/stream.abi.ts`)
 *     s        j  JSON: {@link StateRecord}
 *     s+j      8  "DOMUSSV1"
 *     s+j+8    8  s, u64 little-endian
 *     s+j+16   8  j, u64 little-endian
 *     s+j+24  32  SHA-256 of the JSON and the 24 bytes after it
 *
 * The stream has checksums of its own. A file is there whole or not at all: it is made beside its
 * place, synced, and renamed.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { storageError, syncFolder } from '../files/atomic-file.ts';
import { fileStamp } from '../storage/pool-folder.ts';
import { StateRecord } from './state-record.ts';

const MAGIC = Buffer.from('DOMUSSV1');
const FOOTER_BYTES = 56;
const HASH_AT = 24;
/** Of a console's text, at most: a character may take six. */
const MOST_JSON_BYTES = 16 << 20;

let counter = 0;

/** A file that is being made. */
export class NewStateFile {
  readonly path: string;
  private readonly temporary: string;
  private readonly file: FileHandle;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.path = path;
    this.temporary = temporary;
    this.file = file;
  }

  /** Errors `storage.*`. */
  static async create(path: string): Promise<NewStateFile> {
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${counter++}.part`);
    try {
      return new NewStateFile(path, temporary, await open(temporary, 'wx', 0o600));
    } catch (error) {
      throw storageError(path, error);
    }
  }

  /** The stream goes here. */
  get fd(): number {
    return this.file.fd;
  }

  /** As {@link OpenStateFile.identity}, of what was published. */
  async identity(): Promise<string> {
    return fileStamp(await this.file.stat({ bigint: true }));
  }

  /** Makes it whole, and gives it its name: from here on it survives anything. Errors `storage.*`. */
  async publish(streamBytes: number, record: StateRecord): Promise<number> {
    const json = Buffer.from(JSON.stringify(record));
    const footer = Buffer.alloc(FOOTER_BYTES);
    MAGIC.copy(footer);
    footer.writeBigUInt64LE(BigInt(streamBytes), 8);
    footer.writeBigUInt64LE(BigInt(json.length), 16);
    digest(json, footer).copy(footer, HASH_AT);
    try {
      await writeAll(this.file, Buffer.concat([json, footer]), streamBytes);
      await this.file.sync();
      await rename(this.temporary, this.path);
      syncFolder(dirname(this.path));
      return streamBytes + json.length + FOOTER_BYTES;
    } catch (error) {
      throw storageError(this.path, error);
    }
  }

  /** Published or not: nothing of it is left open, or half made. */
  async close(): Promise<void> {
    rmSync(this.temporary, { force: true });
    await this.file.close();
  }
}

/** A whole file, open. */
export interface OpenStateFile {
  path: string;
  /** Not that of a copy, nor of the same after it was written to or renamed ({@link fileStamp}). */
  identity: string;
  fd: number;
  streamBytes: number;
  record: StateRecord;
  close(): Promise<void>;
}

/**
 * Opens a file and checks all but the stream. Errors `state.unknown`, `state.damaged`,
 * `state.not-a-state`, `state.other-version`.
 */
export async function openStateFile(path: string): Promise<OpenStateFile> {
  const file = await openToRead(path);
  try {
    const stat = await file.stat({ bigint: true });
    const size = Number(stat.size);
    if (size < FOOTER_BYTES) throw noState(path, size);
    const footer = await readPart(file, path, size - FOOTER_BYTES, FOOTER_BYTES);
    if (!footer.subarray(0, MAGIC.length).equals(MAGIC)) throw noState(path, size);
    const [streamBytes, jsonBytes] = [8, 16].map((at) => Number(footer.readBigUInt64LE(at)));
    const isWhole = streamBytes! + jsonBytes! + FOOTER_BYTES === size;
    if (!isWhole || jsonBytes! > MOST_JSON_BYTES) throw damaged(path, 'its parts do not add up');
    const json = await readPart(file, path, streamBytes!, jsonBytes!);
    if (!digest(json, footer).equals(footer.subarray(HASH_AT))) {
      throw damaged(path, 'its bytes do not match their checksum');
    }
    const record = parseRecord(path, json);
    return {
      path,
      identity: fileStamp(stat),
      fd: file.fd,
      streamBytes: streamBytes!,
      record,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function damaged(path: string, why: string, cause?: unknown): DomusError {
  return new DomusError(
    'state.damaged',
    `${path} is damaged: ${why}. Nothing was started from it. Use a copy of it, or start the domain afresh from its disks.`,
    { data: { path }, cause },
  );
}

function parseRecord(path: string, json: Buffer): StateRecord {
  let value: unknown;
  try {
    value = JSON.parse(json.toString());
  } catch (error) {
    throw damaged(path, 'what it says of its domain cannot be read', error);
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (version !== 1) {
    throw new DomusError(
      'state.other-version',
      `${path} was written by another version of Domus (format ${String(version)}; this one reads 1). Use that version, or start the domain afresh from its disks.`,
      { data: { path, version } },
    );
  }
  const parsed = StateRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(path, `${issue?.path.join('.')}: ${issue?.message}`, parsed.error);
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw noState(path, 0);
  } catch (error) {
    if (error instanceof DomusError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DomusError(
      'state.unknown',
      code === 'ENOENT'
        ? `There is no file ${path}. Say where the saved domain is.`
        : `${path} cannot be read: ${message}.`,
      { data: { path }, cause: error },
    );
  }
}

function noState(path: string, bytes: number): DomusError {
  return new DomusError(
    'state.not-a-state',
    `${path} (${bytes} bytes) does not end as a saved domain does: it was cut off, or it is something else. Nothing was started from it. Use a copy of it, or start the domain afresh from its disks.`,
    { data: { path } },
  );
}

async function readPart(
  file: FileHandle,
  path: string,
  at: number,
  bytes: number,
): Promise<Buffer> {
  const part = Buffer.alloc(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await file.read(part, done, bytes - done, at + done);
    if (bytesRead === 0) throw damaged(path, 'it is cut off');
    done += bytesRead;
  }
  return part;
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

function digest(json: Buffer, footer: Buffer): Buffer {
  return createHash('sha256').update(json).update(footer.subarray(0, HASH_AT)).digest();
}
