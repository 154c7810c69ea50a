/** What the Xen tab shows of a running domain. */
import type { DomainInside } from '../../../shared/contract/index.ts';
import type { Domain, EventChannel } from '../../hypervisor/index.ts';
import { DomainCounter, hypercallName, virqName } from '../../hypervisor/index.ts';

const COUNTED = 64;

export function domainInside(domain: Domain): DomainInside {
  const { values } = domain.counters;
  const upSeconds = Math.max(domain.nowMs / 1000, 0.001);
  const hypercalls = Array.from({ length: COUNTED }, (_, number) => ({
    name: hypercallName(number),
    perSecond: values[DomainCounter.hypercalls + number]! / upSeconds,
  })).filter(({ perSecond }) => perSecond > 0);
  return {
    hypercalls,
    eventChannels: [...domain.events.bound()].map(({ port, channel }) => ({
      port,
      type: channel.type,
      target: target(channel),
      pending: domain.shared.isPending(port),
      masked: domain.shared.isMasked(port),
    })),
    grantFrames: domain.grants.count,
    grantsInUse: domain.grants.inUse(),
    upcallVector: domain.vcpu.upcallVector,
    runstate: {
      runningMs: values[DomainCounter.runningMs]!,
      runnableMs: values[DomainCounter.runnableMs]!,
      blockedMs: values[DomainCounter.blockedMs]!,
      offlineMs: values[DomainCounter.offlineMs]!,
    },
    guestFaults: [{ what: 'refused requests', count: values[DomainCounter.guestFaults]! }],
  };
}

function target(channel: EventChannel): string {
  switch (channel.type) {
    case 'unbound':
      return `waits for domain ${channel.remote}`;
    case 'interdomain':
      return `domain ${channel.remote}`;
    case 'virq':
      return virqName(channel.virq);
    case 'ipi':
      return 'vCPU 0';
  }
}
