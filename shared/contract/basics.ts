/** Shapes that several areas of the contract share. */
import { z } from 'zod';
import './wording.ts';

/** Names of domains, hosts, pools and networks: also host names inside guests and file names, hence the narrow set. */
export const Name = z
  .string()
  .min(1, 'a name is needed')
  .max(63, 'a name has at most 63 characters')
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/,
    'a name has letters, digits and hyphens, and starts and ends with a letter or digit',
  );

export const Uuid = z.uuid();

/** A domain is named by its name or its UUID. */
export const DomainRef = z.object({ domain: z.string().min(1).max(63) });
