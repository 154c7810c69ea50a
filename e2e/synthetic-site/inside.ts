/** The hypervisor's side of a synthetic domain, and its xenstore subtree. */
import type { Domain, DomainInside, XenstoreNode } from '../../shared/contract/index.ts';
import type { SyntheticSite } from './site.ts';

const HYPERCALLS: readonly (readonly [string, number])[] = [
  ['sched_op', 0.41],
  ['event_channel_op', 0.33],
  ['set_timer_op', 0.12],
  ['grant_table_op', 0.06],
  ['memory_op', 0.04],
  ['vcpu_op', 0.03],
  ['xen_version', 0.01],
];

export function insideOf(site: SyntheticSite, domain: Domain): DomainInside {
  const upMs = domain.startedAtMs === null ? 0 : Date.now() - domain.startedAtMs;
  const rate = domain.state === 'running' ? 600 + site.random.next() * 500 : 0;
  return {
    hypercalls: HYPERCALLS.map(([name, share]) => ({
      name,
      perSecond: Math.round(rate * share * (0.8 + site.random.next() * 0.4)),
    })),
    eventChannels: [
      { port: 1, type: 'interdomain', target: 'domain 0, xenstore', pending: false, masked: false },
      { port: 2, type: 'interdomain', target: 'domain 0, console', pending: false, masked: false },
      { port: 3, type: 'virq', target: 'timer', pending: rate > 900, masked: false },
      { port: 4, type: 'ipi', target: 'vCPU 0', pending: false, masked: false },
      { port: 5, type: 'interdomain', target: 'domain 0, console 1', pending: false, masked: true },
    ],
    grantFrames: 1,
    grantsInUse: 8,
    upcallVector: 0xf3,
    runstate: {
      runningMs: upMs * 0.09,
      runnableMs: upMs * 0.01,
      blockedMs: upMs * 0.9,
      offlineMs: 0,
    },
    guestFaults: [{ what: 'hypercall not served: xenpmu_op', count: 1 }],
  };
}

/** A node and its children, each with whether it has children of its own. */
export function xenstoreNodes(site: SyntheticSite, path: string): XenstoreNode[] {
  const values = new Map<string, string>();
  for (const domain of site.domains.values()) {
    if (domain.domid === null) continue;
    for (const [key, value] of subtree(domain))
      values.set(`/local/domain/${domain.domid}/${key}`, value);
  }
  const prefix = path === '/' ? '/' : `${path.replace(/\/$/, '')}/`;
  const children = new Map<string, XenstoreNode>();
  for (const full of values.keys()) {
    if (!full.startsWith(prefix)) continue;
    const [first = '', ...deeper] = full.slice(prefix.length).split('/');
    const childPath = `${prefix}${first}`;
    const known = children.get(childPath);
    if (known !== undefined && (known.hasChildren || deeper.length === 0)) continue;
    children.set(childPath, {
      path: childPath,
      value: values.get(childPath) ?? '',
      permissions: 'n0',
      hasChildren: deeper.length > 0,
    });
  }
  const self = {
    path,
    value: values.get(path) ?? '',
    permissions: 'n0',
    hasChildren: children.size > 0,
  };
  return [self, ...children.values()];
}

function subtree(domain: Domain): [string, string][] {
  return [
    ['name', domain.name],
    ['domid', String(domain.domid)],
    ['memory/target', String(domain.memory.targetKiB)],
    ['memory/static-max', String(domain.memory.maximumKiB)],
    ['console/ring-ref', '1044476'],
    ['console/port', '2'],
    ['console/type', 'xenconsoled'],
    ['cpu/0/availability', 'online'],
    ['control/shutdown', ''],
    ['control/platform-feature-multiprocessor-suspend', '1'],
    ['device/suspend/event-channel', ''],
  ];
}
