import type { FileHandle } from 'node:fs/promises';

/** One member of an ar(5) archive: its name and where its bytes lie in the file. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;
/** A Debian package has three members; more than this is no package. */
const MAX_MEMBERS = 16;

/** Lists the members of an open ar archive. Returns undefined when the file is not one, or is cut off. */
export async function listArMembers(file: FileHandle): Promise<ArMember[] | undefined> {
  const { size } = await file.stat();
  if ((await text(file, 0, MAGIC.length)) !== MAGIC) return undefined;
  const members: ArMember[] = [];
  let at = MAGIC.length;
  while (at < size) {
    const header = await text(file, at, HEADER_BYTES);
    const sizeField = header.slice(48, 58).trim();
    if (!header.endsWith('`\n') || !/^[0-9]+$/.test(sizeField)) return undefined;
    const member = {
      name: header.slice(0, 16).trim().replace(/\/$/, ''),
      offset: at + HEADER_BYTES,
      sizeBytes: Number(sizeField),
    };
    if (member.offset + member.sizeBytes > size || members.length === MAX_MEMBERS) return undefined;
    members.push(member);
    at = member.offset + member.sizeBytes + (member.sizeBytes % 2); // members start at even offsets
  }
  return members;
}

async function text(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}
