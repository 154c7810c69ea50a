/** What makes a clone a machine of its own. */
import { randomBytes } from 'node:crypto';
import type { GuestIdentity } from '../../guest/agent-protocol.ts';

const ENTROPY_BYTES = 64;

/** The machine id is the domain's UUID: the same whenever that domain is started. */
export function newIdentity(uuid: string, name: string): GuestIdentity {
  return {
    hostname: name,
    wallClockMs: Date.now(),
    machineId: uuid.replaceAll('-', '').toLowerCase(),
    entropy: randomBytes(ENTROPY_BYTES),
  };
}
