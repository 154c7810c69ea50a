import type { XenstoreError as ErrorName } from '../../hypervisor/abi/xs-wire.abi.ts';

/** Why a request was refused. Inside the store it travels as a value, never as an exception. */
export type Errno = ErrorName;

/** The outcome of a change that has nothing else to report. */
export type Outcome = 'OK' | Errno;

const sentences: Readonly<Partial<Record<Errno, string>>> = {
  EINVAL: 'the path or an argument is malformed',
  EACCES: 'the caller has no permission for it',
  EPERM: 'only domain 0 may change the owner',
  EEXIST: 'it exists already',
  ENOENT: 'there is no such node',
  ENOSPC: 'a xenstore quota of the domain is used up',
  ENOMEM: 'the xenstore memory quota of the domain is used up',
  EBUSY: 'it is in use',
  EAGAIN: 'somebody else changed the same nodes meanwhile; try again',
  E2BIG: 'the answer is longer than a xenstore message',
};

/** A refused operation of the typed interface: what was asked, of which path, and why not. */
export class XenstoreError extends Error {
  override readonly name = 'XenstoreError';
  readonly code: Errno;
  readonly path: string;

  constructor(code: Errno, operation: string, path: string, detail?: string) {
    super(
      `xenstore: cannot ${operation} ${path}: ${detail ?? sentences[code] ?? 'refused'} (${code})`,
    );
    this.code = code;
    this.path = path;
  }
}
