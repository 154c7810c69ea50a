/** Network interfaces of a domain that exists: attached, detached, changed. */
import type {
  Domain,
  InterfaceCounters,
  NewInterface,
  SetInterface,
  Task,
} from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { VifSpec } from '../control/host.contract.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { planInterfaces } from '../networks/plan-interfaces.ts';
import { newVif, vifRules } from '../networks/vif-specs.ts';
import type { SiteParts } from '../site-parts.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import { hasAddresses, UNASKED } from './addresses.ts';
import { guestOrNone } from './guest-or-none.ts';

/**
 * Adds an interface to its definition, and plugs it into a running guest: one that does not take it
 * is left without. Ends when the guest has asked for its address, or after a while, which the title
 * says. Errors `network.unknown`, `network.full`, `interface.*`, `domain.wrong-state`,
 * `domain.busy`; `device.guest-silent` by the task.
 */
export function attachInterface(
  parts: SiteParts,
  domain: ManagedDomain,
  asked: NewInterface,
): Task {
  const run = guestOrNone(domain, 'given an interface');
  const before = domain.definition.interfaces;
  const [definition] = planInterfaces(parts.networks, domain.name, before, [asked]) as [
    InterfaceDefinition,
  ];
  const { network, address } = definition;
  const to = `${domain.name} to ${network}`;
  return parts.tasks.start(
    { kind: 'net-attach', title: `Attaching ${to}`, domain: domain.uuid },
    async () => {
      await domain.exclusively(`attached to ${network}`, async () => {
        // Taken before anything is waited for: nobody else is planned the same address.
        redefine(parts, domain, [...before, definition]);
        if (!run) return;
        run.addressesAsked = parts.networks.addresses.expect(definition.mac);
        await plug(parts, domain, run, definition);
      });
      tell(
        parts,
        domain,
        'attached',
        `Domain ${domain.name} is on network ${network} (${address}).`,
      );
      const isAddressed = !run || (await hasAddresses(domain, run, [definition]));
      return { title: `Attached ${to}${isAddressed ? '' : UNASKED}`, result: domain.view };
    },
  );
}

/** Its address becomes free. Errors `interface.not-attached`, `domain.*`; `device.guest-silent` by the task. */
export function detachInterface(parts: SiteParts, domain: ManagedDomain, handle: number): Task {
  const run = guestOrNone(domain, 'relieved of an interface');
  const { network } = numbered(domain, handle);
  const from = `${domain.name} from ${network}`;
  return parts.tasks.start(
    { kind: 'net-detach', title: `Detaching ${from}`, domain: domain.uuid },
    async () => {
      await domain.exclusively(`detached from ${network}`, async () => {
        if (run) await unplug(run, domain, handle);
        redefine(
          parts,
          domain,
          domain.definition.interfaces.filter((one) => one.handle !== handle),
        );
      });
      tell(parts, domain, 'detached', `Domain ${domain.name} is no more on network ${network}.`);
      return { title: `Detached ${from}`, result: domain.view };
    },
  );
}

/** At once, also while it runs. Errors `interface.not-attached`, `domain.busy`. */
export async function setInterface(
  parts: SiteParts,
  domain: ManagedDomain,
  change: Omit<SetInterface, 'domain'>,
): Promise<Domain> {
  domain.requireIdle();
  const before = numbered(domain, change.handle);
  const after = changed(before, change);
  await domain.exclusively('given other rules', async () => {
    const run = domain.running;
    if (run) {
      const { domid, host } = run;
      const rules = vifRules(after);
      await host.link.call('domain.setInterface', { domid, handle: after.handle, rules });
      run.spec.interfaces = run.spec.interfaces.map((vif) =>
        vif.handle === after.handle ? { ...vif, ...rules } : vif,
      );
    }
    redefine(
      parts,
      domain,
      domain.definition.interfaces.map((one) => (one.handle === after.handle ? after : one)),
    );
  });
  const { name } = domain;
  tell(parts, domain, 'changed', `Interface ${after.handle} of ${name} has other rules now.`);
  return domain.view;
}

/** Error `domain.not-running`. */
export function interfaceCounters(domain: ManagedDomain): Promise<InterfaceCounters[]> {
  const { domid, host } = domain.worker;
  return host.link.call('domain.interfaceCounters', { domid });
}

/** What its life begins with: rings of its own for each interface. Error `network.unknown`. */
export function newVifs(parts: SiteParts, domain: ManagedDomain): VifSpec[] {
  return domain.definition.interfaces.map((definition) =>
    newVif(definition, parts.networks.network(definition.network)),
  );
}

/** Error `interface.not-attached`. */
export function numbered(domain: ManagedDomain, handle: number): InterfaceDefinition {
  const { interfaces } = domain.definition;
  const found = interfaces.find((one) => one.handle === handle);
  if (found) return found;
  const handles = interfaces.map((one) => one.handle).join(', ');
  throw new DomusError(
    'interface.not-attached',
    `Domain ${domain.name} has no interface ${handle}. ${handles ? `It has ${handles}.` : 'It has none.'}`,
    { data: { domain: domain.name, handle } },
  );
}

async function plug(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  definition: InterfaceDefinition,
): Promise<void> {
  const { handle, network } = definition;
  try {
    const vif = newVif(definition, parts.networks.network(network));
    await run.host.link.call('domain.attachInterface', { domid: run.domid, vif });
    run.spec.interfaces = [...run.spec.interfaces, vif];
  } catch (error) {
    redefine(
      parts,
      domain,
      domain.definition.interfaces.filter((one) => one.handle !== handle),
    );
    throw silent(
      error,
      `${domain.name} is not attached to ${network}: its guest did not take the interface. Look at its console, or attach it while the domain is off.`,
    );
  }
}

async function unplug(run: RunningDomain, domain: ManagedDomain, handle: number): Promise<void> {
  const { domid, host } = run;
  try {
    await host.link.call('domain.detachInterface', { domid, handle });
  } catch (error) {
    throw silent(
      error,
      `Interface ${handle} is still attached: the guest of ${domain.name} does not let go of it. Look at its console, or shut the guest down first.`,
    );
  }
  run.spec.interfaces = run.spec.interfaces.filter((vif) => vif.handle !== handle);
}

function silent(error: unknown, sentence: string): unknown {
  if (!(error instanceof DomusError) || error.code !== 'device.guest-silent') return error;
  return new DomusError(error.code, sentence, { data: error.data, cause: error });
}

function redefine(
  parts: SiteParts,
  domain: ManagedDomain,
  interfaces: InterfaceDefinition[],
): void {
  const sorted = [...interfaces].sort((a, b) => a.handle - b.handle);
  parts.domains.redefine(domain, { interfaces: sorted });
}

function tell(
  parts: SiteParts,
  domain: ManagedDomain,
  what: 'attached' | 'detached' | 'changed',
  message: string,
): void {
  parts.events.add('info', `domain.net-${what}`, message, { domain: domain.uuid });
}

/** What is left out stays; null takes a limit away. */
function changed(
  before: InterfaceDefinition,
  { linkUp, sendLimitBytesPerSecond, receiveLimitBytesPerSecond, access }: Partial<SetInterface>,
): InterfaceDefinition {
  const after = { ...before };
  if (linkUp !== undefined) after.linkUp = linkUp;
  if (access !== undefined) after.access = access;
  if (sendLimitBytesPerSecond !== undefined) {
    after.sendLimitBytesPerSecond = sendLimitBytesPerSecond;
  }
  if (receiveLimitBytesPerSecond !== undefined) {
    after.receiveLimitBytesPerSecond = receiveLimitBytesPerSecond;
  }
  return after;
}
