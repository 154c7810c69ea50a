/** What the toolstack adds to the kernel command line of an image that we built. */
import { MAX_INDIRECT_SEGMENTS } from '../../dom0/index.ts';
import type { BootableImage } from '../image-source.ts';

/**
 * A panic is told to the hypervisor as a crash, which `on_crash` is for; else it reboots. A request of
 * a disk has as many pages as our back end takes; Linux's own default, 32, costs half as much again.
 */
export const KERNEL_WORDS = `xen_legacy_crash xen_blkfront.max_indirect_segments=${MAX_INDIRECT_SEGMENTS}`;

/** A person's own command line stays as it is. `name` null: a snapshot, whose clones get theirs. */
export function kernelCommandLine(image: BootableImage, name: string | null): string {
  if (!image.isBuilt) return image.cmdline;
  const words = [image.cmdline, KERNEL_WORDS];
  if (name !== null) words.push(`domus.name=${name}`);
  return words.join(' ');
}
