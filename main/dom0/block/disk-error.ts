import { DomusError } from '../../../shared/errors.ts';
import { isNoSpace } from '../../../shared/no-space.ts';

/** Every way in which a disk refuses or fails. */
export type DiskErrorCode =
  | 'disk.no-space'
  | 'disk.io'
  | 'disk.lost'
  | 'disk.deleted'
  | 'disk.unreachable'
  | 'disk.corrupt'
  | 'disk.unsupported'
  | 'disk.not-qcow2'
  | 'disk.read-only'
  | 'disk.bad-request'
  | 'disk.cannot-shrink'
  | 'disk.too-large'
  | 'disk.stopped';

const WHAT_TO_DO: Record<DiskErrorCode, string> = {
  'disk.no-space': 'make room where it lies, then resume the domain',
  'disk.io': 'see the system log for the device beneath it, then resume the domain',
  'disk.lost':
    'what was written last may be missing: detach the disk, check it, and attach it anew',
  'disk.deleted':
    'what is in it goes when the domain lets go of it: copy it first, then attach the copy instead',
  'disk.unreachable': 'check that the server runs there and has this export',
  'disk.corrupt': 'do not write to it: repair a copy with "qemu-img check -r all", or restore it',
  'disk.unsupported': 'convert it with "qemu-img convert -O qcow2"',
  'disk.not-qcow2': 'open it as what it is, "raw" for example',
  'disk.read-only': 'attach it for writing if it may be changed',
  'disk.bad-request': 'whoever asked for this is at fault',
  'disk.cannot-shrink': 'make a smaller disk and copy what is needed',
  'disk.too-large': 'choose a smaller size, or larger clusters',
  'disk.stopped': 'start it again if it is still wanted',
};

/** `label` names the disk to a person ("web1-root.qcow2"); `what` says what happened to it. */
export function diskError(
  code: DiskErrorCode,
  label: string,
  what: string,
  options: { data?: Record<string, unknown>; cause?: unknown } = {},
): DomusError {
  return new DomusError(code, `disk ${label}: ${what}; ${WHAT_TO_DO[code]}`, {
    ...options,
    data: { ...options.data, disk: label },
  });
}

const NOT_WRITABLE = new Set(['EROFS', 'EPERM', 'EACCES', 'EBADF']);

/** What the operating system answered, as a disk's error; a {@link DomusError} stays what it is. */
export function systemError(label: string, doing: string, cause: unknown): DomusError {
  if (cause instanceof DomusError) return cause;
  const errno = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  const code = isNoSpace(cause)
    ? 'disk.no-space'
    : NOT_WRITABLE.has(errno) && doing !== 'reading'
      ? 'disk.read-only'
      : 'disk.io';
  const message = cause instanceof Error ? cause.message : String(cause);
  return diskError(code, label, `${doing} failed (${message})`, { cause, data: { errno } });
}
