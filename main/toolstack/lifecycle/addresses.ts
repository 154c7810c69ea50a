/** A guest's addresses: whether it has asked for them, and set them. */
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import { unlessAborted, within } from '../streams/waiting.ts';

/** A guest that wants an address asks for it as soon as it has the interface. */
const ASK_TIMEOUT_MS = 15_000;
/** It sets what it was told at once, too. */
const SET_TIMEOUT_MS = 5000;

/** The end of a title. */
export const UNASKED = '; its guest did not ask for its address';

/**
 * False when the guest has not asked for all of `interfaces`' addresses in time (`asks`), or whoever
 * waits has left, or its life ended. Where its agent answers, they are set as well.
 */
export async function hasAddresses(
  domain: ManagedDomain,
  run: RunningDomain,
  interfaces: readonly InterfaceDefinition[],
  signal?: AbortSignal,
): Promise<boolean> {
  if (interfaces.length === 0) return true;
  const over = run.ended.then(() => Promise.reject(new GivenUp()));
  over.catch(() => {}); // when nobody waits any more
  const asked = Promise.race([run.addressesAsked, over]);
  try {
    await unlessAborted(
      within(asked, ASK_TIMEOUT_MS, () => new GivenUp()),
      signal,
    );
  } catch {
    return false;
  }
  if (domain.state === 'running') await areSet(run, interfaces);
  return true;
}

class GivenUp extends Error {}

/** Between the answer to its request and the address on its interface a guest runs a program or two. */
async function areSet(
  run: RunningDomain,
  interfaces: readonly InterfaceDefinition[],
): Promise<void> {
  const command = interfaces
    .map(({ address }) => `until ip -4 addr show | grep -q 'inet ${address}/'; do sleep 0.05; done`)
    .join('; ');
  try {
    const signal = AbortSignal.timeout(SET_TIMEOUT_MS);
    for await (const _ of run.agent.exec(command, signal));
  } catch {
    // It has no agent, or sets its addresses in its own time.
  }
}
