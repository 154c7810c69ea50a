import { basename, resolve } from 'node:path';
import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';

export const command = defineCommand({
  words: ['[NAME]'],
  options: {
    kernel: { kind: 'text', value: 'FILE', help: 'a Linux kernel for i386 (bzImage)' },
    initrd: { kind: 'text', value: 'FILE', help: 'its initial file system' },
    cmdline: { kind: 'text', value: 'TEXT', help: 'of the kernel' },
  },
  notes: 'Without NAME it is called after the kernel file. The files are copied.',
  async run(context, { words: [name], options: { kernel, initrd, cmdline } }) {
    if (kernel === undefined) throw usageError('--kernel FILE is missing.', 'image import');
    if (initrd === undefined) throw usageError('--initrd FILE is missing.', 'image import');
    const image = await (
      await context.site()
    ).images.import({
      name: name ?? nameOf(kernel),
      kernelPath: resolve(kernel),
      initrdPath: resolve(initrd),
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
