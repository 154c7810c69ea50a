/** `domains.*` of the contract: names are resolved here, the work is done in `lifecycle/`. */
import { DEFAULT_CHECKPOINT_INTERVAL_MS } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { cloneDomain } from '../checkpoints/clone-domain.ts';
import { DOMAIN0_NAME, domain0View } from '../domains/domain0.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import { createDomain } from '../lifecycle/create-domain.ts';
import type { NameClaims } from '../lifecycle/create-domain.ts';
import { attachDisk, detachDisk, resizeDisk } from '../lifecycle/disks.ts';
import { remove, rename, undelete } from '../lifecycle/definition.ts';
import {
  attachInterface,
  detachInterface,
  interfaceCounters,
  setInterface,
} from '../lifecycle/interfaces.ts';
import { setMaxMemory, setMemory } from '../lifecycle/memory.ts';
import { migrate } from '../lifecycle/migration/migrate-domain.ts';
import { migrationTargets } from '../lifecycle/migration/migration-targets.ts';
import { moveDisk } from '../lifecycle/move-disk.ts';
import { destroy, pause, reboot, shutdown, start, unpause } from '../lifecycle/power.ts';
import { protect, unprotect } from '../protection/protect-domain.ts';
import { restore } from '../saving/restore-domain.ts';
import { save } from '../saving/save-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { inside, watchInside } from '../statistics/inside.ts';
import type { SiteApi } from './site-api.ts';

type DomainCalls = SiteApi['domains'];

export function domainCalls(
  parts: SiteParts,
  startedAtMs: number,
  claims: NameClaims,
): DomainCalls {
  const find = (input: { domain: string }): ManagedDomain => resolve(parts, input.domain);
  const zeros = () => parts.hosts.all().map((host) => domain0View(host, startedAtMs));
  return {
    list: async () => [...zeros(), ...parts.domains.views()],
    get: async ({ domain }) =>
      zeros().find(({ uuid }) => uuid === domain.toLowerCase()) ?? find({ domain }).view,
    inside: async (input) => inside(find(input)),
    watchInside: async (input, options) => watchInside(find(input), options?.signal),
    create: async (input) => createDomain(parts, input, claims),
    start: async (input) => start(parts, find(input), input.cold ?? false),
    shutdown: async (input) => shutdown(parts, find(input)),
    reboot: async (input) => reboot(parts, find(input)),
    destroy: async (input) => destroy(parts, find(input)),
    pause: async (input) => pause(parts, find(input)),
    unpause: async (input) => unpause(parts, find(input)),
    rename: async (input) => rename(parts, find(input), input.name),
    delete: async (input) => remove(parts, find(input), input),
    undelete: async ({ domain }) => undelete(parts, parts.domains.resolveDeleted(domain)),
    setMemory: async (input) => setMemory(parts, find(input), input.memoryMiB * 1024),
    setMaxMemory: async (input) => setMaxMemory(parts, find(input), input.memoryMiB * 1024),
    attachDisk: async ({ domain, ...disk }) => attachDisk(parts, find({ domain }), disk),
    detachDisk: async (input) => detachDisk(parts, find(input), input.disk),
    resizeDisk: async (input) =>
      resizeDisk(parts, find(input), input.disk, input.sizeMiB * 2 ** 20),
    moveDisk: async ({ domain, ...asked }) => moveDisk(parts, find({ domain }), asked),
    attachInterface: async ({ domain, ...asked }) =>
      attachInterface(parts, find({ domain }), asked),
    detachInterface: async (input) => detachInterface(parts, find(input), input.handle),
    setInterface: async ({ domain, ...change }) => setInterface(parts, find({ domain }), change),
    interfaceCounters: async (input) => interfaceCounters(find(input)),
    migrationTargets: async (input) => migrationTargets(parts, find(input)),
    migrate: async ({ domain, host, ...options }) =>
      migrate(parts, find({ domain }), parts.hosts.get(host), options),
    protect: async (input) => {
      const { intervalMs = DEFAULT_CHECKPOINT_INTERVAL_MS } = input;
      return protect(parts, find(input), parts.hosts.get(input.host), intervalMs);
    },
    unprotect: async (input) => unprotect(parts, find(input)),
    moves: async (input) => parts.moves.of(find(input).uuid),
    followMove: async ({ id }, options) => parts.moves.follow(id, options?.signal),
    clone: async ({ domain, name }) => cloneDomain(parts, find({ domain }), name, claims),
    save: async ({ domain, ...asked }) => save(parts, find({ domain }), asked),
    restore: async (input) => restore(parts, input),
    exec: async (input, options) => {
      const domain = find(input);
      const { agent } = domain.worker;
      if (domain.state === 'paused') throw wrongState(domain.name, domain.state, 'given commands');
      return agent.exec(input.command, options?.signal);
    },
    dmesg: async (input) => ({ text: await parts.console.dmesg(find(input).uuid) }),
  };
}

/** Error `domain.is-domain0`: the services of a host are not a domain of a person's. */
export function resolve(parts: SiteParts, ref: string): ManagedDomain {
  const isZero =
    ref === DOMAIN0_NAME ||
    parts.hosts.all().some(({ definition }) => definition.domain0Uuid === ref.toLowerCase());
  if (isZero) {
    throw new DomusError(
      'domain.is-domain0',
      'Domain 0 is a host itself: it can be looked at, but not changed, stopped or entered.',
      { data: { domain: ref } },
    );
  }
  return parts.domains.resolve(ref);
}
