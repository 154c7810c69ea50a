/** `--disk PATH[,format=raw|qcow2][,ro][,size=MiB]`, after `xl`'s disk specifications. */
import { resolve } from 'node:path';
import { DiskFormat } from '../../../shared/contract/index.ts';
import type { NewDisk } from '../../../shared/contract/index.ts';
import { oneOf } from './one-of.ts';
import { wholeNumber } from './parse.ts';
import { usageError } from './usage-error.ts';

/** What follows the first comma are options: a path with commas is for `disk attach`. */
export function diskOption(command: string, text: string): NewDisk {
  const [path = '', ...options] = text.split(',');
  const disk: NewDisk = { source: diskPath(command, path) };
  for (const option of options) {
    const [key, ...rest] = option.split('=');
    const value = rest.join('=');
    if (option === 'ro') disk.readOnly = true;
    else if (key === 'format') disk.format = diskFormat(command, 'disk …,format', value);
    else if (key === 'size') disk.sizeMiB = wholeNumber(command, '--disk …,size', value);
    else {
      throw usageError(
        `--disk has no ${JSON.stringify(option)}: after the path come format=raw, format=qcow2, ro or size=MiB.`,
        command,
      );
    }
  }
  return disk;
}

/** The daemon's folder is another: it is told the whole path. */
export function diskPath(command: string, path: string): string {
  if (path === '') throw usageError('The path of a disk is missing.', command);
  return resolve(path);
}

export function diskFormat(command: string, what: string, value: string): DiskFormat {
  return oneOf(command, what, DiskFormat.options, value)!;
}
