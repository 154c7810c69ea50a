/** What makes a clone a machine of its own. */
import { randomBytes } from 'node:crypto';

export interface GuestIdentity {
  hostname: string;
  /** 32 hexadecimal digits. */
  machineId: string;
  /** Stirred into the kernel's pool before anything else is done with it. */
  entropy: Uint8Array;
}

const ENTROPY_BYTES = 64;

/** The machine id is the domain's UUID: the same whenever that domain is started. */
export function newIdentity(uuid: string, name: string): GuestIdentity {
  return {
    hostname: name,
    machineId: uuid.replaceAll('-', '').toLowerCase(),
    entropy: randomBytes(ENTROPY_BYTES),
  };
}
