import { basename, resolve } from 'node:path';
import { DiskFormat } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { usageError } from '../arguments/usage-error.ts';

export const command = defineCommand({
  words: ['[NAME]'],
  options: {
    kernel: { kind: 'text', value: 'FILE', help: 'a Linux kernel for i386 (bzImage)' },
    initrd: { kind: 'text', value: 'FILE', help: 'its initial file system' },
    disk: {
      kind: 'text',
      value: 'FILE',
      help: 'a disk, raw or qcow2, of which each domain gets a copy',
    },
    format: { kind: 'text', value: 'F', help: 'of the disk: raw or qcow2; else by its name' },
    root: {
      kind: 'text',
      value: 'DEVICE',
      help: 'where its root is, without a kernel: /dev/xvda1',
    },
    cmdline: { kind: 'text', value: 'TEXT', help: 'of the kernel' },
  },
  notes:
    "Without NAME it is called after the kernel's or the disk's file. The files are copied. A disk without a kernel starts with Debian's newest here.",
  async run(context, { words: [name], options: { kernel, initrd, disk, format, root, cmdline } }) {
    const first = kernel ?? disk;
    if (first === undefined) {
      throw usageError('--kernel FILE is missing, or --disk FILE.', 'image import');
    }
    if ((kernel === undefined) !== (initrd === undefined)) {
      throw usageError(
        `--${kernel === undefined ? 'kernel' : 'initrd'} FILE is missing.`,
        'image import',
      );
    }
    const image = await (
      await context.site()
    ).images.import({
      name: name ?? nameOf(first),
      kernelPath: kernel && resolve(kernel),
      initrdPath: initrd && resolve(initrd),
      diskPath: disk && resolve(disk),
      diskFormat: oneOf('image import', 'format', DiskFormat.options, format),
      root,
      cmdline,
    });
    await context.output.result(image, () => `imported ${image.name}`);
  },
});

/** A name as the contract wants them, from a file's: `vmlinuz-6.1.0-32-686-pae` has dots. */
export function nameOf(path: string): string {
  return basename(path)
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}
