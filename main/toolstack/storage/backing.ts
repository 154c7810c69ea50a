/**
 * The files of an overlay. What an image names as its backing file was written by whoever made the
 * image, who may have wished for `/etc/shadow` or another person's disk: only a volume beside it, by
 * its bare name, is ever opened for it, and as the format that was stated of that volume.
 */
import { VolumeName } from '../../../shared/contract/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { DiskDescription } from '../../dom0/index.ts';

/** Overlays over overlays: a read of what none of them has asks each. */
export const MOST_FILES = 16;

/** The volume that a backing name means. Error `volume.backing-outside`. */
export function backingVolume(label: string, name: string): string {
  if (VolumeName.safeParse(name).success) return name;
  throw new DomusError(
    'volume.backing-outside',
    `${label} is an overlay over ${JSON.stringify(name)}, and only volumes of its own pool are opened for it, by their bare names. Make it whole (qemu-img convert), or put what it lies over beside it and name that (qemu-img rebase -u).`,
    { data: { volume: label, backing: name } },
  );
}

export interface ChainFile {
  name: string;
  format: DiskFormat;
}

export interface ChainTools<File extends ChainFile> {
  /** Opens a volume of the pool; those below the top are only read. */
  open(name: string, isTop: boolean): Promise<File>;
  describe(file: File): Promise<DiskDescription>;
  close(file: File): Promise<void>;
}

/**
 * A volume's file, and those beneath it. Errors `volume.backing-outside`, `volume.backing-loop`,
 * `volume.too-deep`, and those of `tools`; then nothing is open.
 */
export async function openChain<File extends ChainFile>(
  top: string,
  label: string,
  tools: ChainTools<File>,
): Promise<File[]> {
  const files: File[] = [];
  try {
    for (let name: string | null = top; name !== null;) {
      requireNew(files, name, label);
      const file = await tools.open(name, files.length === 0);
      files.push(file);
      const { backing }: DiskDescription = await tools.describe(file);
      name = backing ? backingVolume(label, backing.name) : null;
    }
    return files;
  } catch (error) {
    for (const file of files) await tools.close(file);
    throw error;
  }
}

function requireNew(files: readonly ChainFile[], name: string, label: string): void {
  const data = { volume: label, backing: name };
  if (files.some((file) => file.name === name)) {
    throw new DomusError(
      'volume.backing-loop',
      `${label} is, over others, an overlay over ${name} twice: nothing can be read from it. Restore it from a copy.`,
      { data },
    );
  }
  if (files.length < MOST_FILES) return;
  throw new DomusError(
    'volume.too-deep',
    `${label} is made over more than ${MOST_FILES - 1} others, which is too slow to be used. Clone it: a clone is whole.`,
    { data },
  );
}
