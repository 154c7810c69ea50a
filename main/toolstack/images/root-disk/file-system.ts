/** An ext4 file system from a tar archive, made by someone who need not be root. */
import { createReadStream } from 'node:fs';
import { mkdir, open, truncate } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { runTool } from './run-tool.ts';

export interface FileSystemPlan {
  /** The archive; folders of `scratch` are made beside it. */
  readonly archive: string;
  readonly tree: string;
  readonly image: string;
  readonly bytes: number;
  readonly uuid: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes `image`, a sparse raw file. Files are unpacked as the caller's own; who owns them is then
 * written into the file system (debugfs(8)), as are the names of the archive, not of this machine.
 */
export async function makeFileSystem(plan: FileSystemPlan): Promise<void> {
  const { archive, tree, image, uuid, signal } = plan;
  await mkdir(tree);
  await runTool(
    'tar',
    ['-xpf', archive, '-C', tree, '--no-same-owner', '--delay-directory-restore'],
    {
      signal,
    },
  );
  // Mounted over before the first program runs; mmdebstrap leaves it out.
  await mkdir(`${tree}/dev`, { recursive: true });
  const file = await open(image, 'wx');
  await file.close();
  await truncate(image, plan.bytes);
  // The same for all disks of a recipe, as in other distributors' images.
  const extended = `hash_seed=${uuid},root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1`;
  const options = ['-q', '-F', '-t', 'ext4', '-L', 'root', '-m', '1', '-U', uuid, '-E', extended];
  // An index of 16 KiB a file would take a fiftieth of the disk.
  await runTool('mke2fs', [...options, '-i', '32768', '-J', 'size=16', '-d', tree, image], {
    signal,
  });
  const owners = ownerCommands(await headersOf(archive, signal), process.getuid?.() ?? 0);
  await runTool('debugfs', ['-w', '-f', '-', image], { signal, input: owners.join('\n') });
  await runTool('e2fsck', ['-f', '-n', image], { signal });
}

type Owned = Pick<Header, 'name' | 'uid' | 'gid' | 'type'>;

/** debugfs's commands for what does not belong to `maker` (user and, of root's, group) already. */
export function ownerCommands(headers: readonly Owned[], maker: number): string[] {
  return headers.flatMap(({ name, uid = 0, gid = 0, type }) => {
    // A second name of the same file.
    if (type === 'link') return [];
    const path = `"/${name.replace(/^\.?\//, '').replace(/\/$/, '')}"`;
    return [
      ...(maker === 0 && uid === 0 ? [] : [`sif ${path} uid ${uid}`]),
      ...(maker === 0 && gid === 0 ? [] : [`sif ${path} gid ${gid}`]),
    ];
  });
}

async function headersOf(archive: string, signal: AbortSignal | undefined): Promise<Header[]> {
  const headers: Header[] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    headers.push(header);
    stream.on('end', next).resume();
  });
  await pipeline(createReadStream(archive), reader, signal ? { signal } : {});
  return headers;
}
