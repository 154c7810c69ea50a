/** `--disk SOURCE[,format=raw|qcow2][,ro][,size=MiB][,on-error=…]`, after `xl`'s disk specifications. */
import { isAbsolute, resolve } from 'node:path';
import { DiskFormat, OnDiskError } from '../../../shared/contract/index.ts';
import type { NewDisk } from '../../../shared/contract/index.ts';
import { oneOf } from './one-of.ts';
import { wholeNumber } from './parse.ts';
import { usageError } from './usage-error.ts';

/** What follows the first comma are options: a path with commas is for `disk attach`. */
export function diskOption(command: string, text: string): NewDisk {
  const [source = '', ...options] = text.split(',');
  const disk: NewDisk = { source: diskSource(command, source) };
  for (const option of options) {
    const [key, ...rest] = option.split('=');
    const value = rest.join('=');
    if (option === 'ro') disk.readOnly = true;
    else if (key === 'format') disk.format = diskFormat(command, 'disk …,format', value);
    else if (key === 'on-error') disk.onError = onDiskError(command, 'disk …,on-error', value);
    else if (key === 'size') disk.sizeMiB = wholeNumber(command, '--disk …,size', value);
    else {
      throw usageError(
        `--disk has no ${JSON.stringify(option)}: after the source come format=raw, format=qcow2, ro, size=MiB or on-error=pause, report or crash.`,
        command,
      );
    }
  }
  return disk;
}

/**
 * `POOL/VOLUME`, which has one slash and begins with neither that nor a dot; `nbd://…`; all else is
 * a path, and the daemon, whose folder is another, is told the whole of it.
 */
export function diskSource(command: string, text: string): string {
  if (text === '') throw usageError('The source of a disk is missing.', command);
  if (text.startsWith('nbd://') || isVolume(text)) return text;
  return resolve(text);
}

function isVolume(text: string): boolean {
  return !isAbsolute(text) && !text.startsWith('.') && text.split('/').length === 2;
}

export function onDiskError(command: string, what: string, value: string): OnDiskError {
  return oneOf(command, what, OnDiskError.options, value)!;
}

export function diskFormat(command: string, what: string, value: string): DiskFormat {
  return oneOf(command, what, DiskFormat.options, value)!;
}
