import { domainHome } from './caller.ts';
import type { PermissionList, StoreEntry } from './store-access.ts';

/** What the store says of a new domain. */
export interface DomainSkeleton {
  readonly domid: number;
  /** Lower-case, with dashes. */
  readonly uuid: string;
  readonly name: string;
  /**
   * `memory/target`. The balloon driver takes `maxMemoryKiB - memoryKiB` as what it has to give
   * back, so equal values mean no ballooning at boot.
   */
  readonly memoryKiB: number;
  /** `memory/static-max`. */
  readonly maxMemoryKiB: number;
  readonly videoRamKiB: number;
  /** vCPUs online; those up to {@link maxVcpus} are written as offline. */
  readonly vcpus: number;
  readonly maxVcpus: number;
  readonly store: RingLocation;
  readonly console: RingLocation & {
    /** A terminal device or an address where the console can be reached; empty if there is none. */
    readonly tty?: string;
  };
  /** Domain that runs the console's back end. */
  readonly backendDomid?: number;
  /** When the domain was started, milliseconds since 1970. */
  readonly startTimeMs: number;
  /** Offset of the guest's real-time clock from UTC. */
  readonly rtcTimeOffsetSeconds?: number;
  readonly bios?: string;
}

/** Where a ring page is and which event channel belongs to it. */
export interface RingLocation {
  readonly port: number;
  readonly gfn: number;
}

/** Bytes of output xenconsoled keeps for a guest (`LIBXL_XENCONSOLE_LIMIT`). */
export const CONSOLE_LIMIT_BYTES = 1024 * 1024;

/**
 * The nodes `xl` writes for a new HVM domain (`libxl__domain_make`, `libxl__build_post`,
 * `libxl__device_console_add`), in order, each with its permissions.
 */
export function domainSkeleton(config: DomainSkeleton): StoreEntry[] {
  return [
    ...homeEntries(config),
    ...primaryConsole(config),
    ...vmEntries(config),
    ...libxlEntries(config),
  ];
}

/** Back ends' directories of a domain, in domain 0's home. */
export function backendTrees(domid: number): string[] {
  return ['console', 'vbd', 'vif'].map((kind) => `${domainHome(0)}/backend/${kind}/${domid}`);
}

/** The paths to remove when a domain is gone, apart from its back ends' directories. */
export function domainTrees(domid: number, uuid: string): string[] {
  return [domainHome(domid), `/vm/${uuid}`, `/libxl/${domid}`];
}

/** The nodes domain 0 has of its own (Xen's `xen-init-dom0`). */
export function dom0Skeleton(memoryKiB: number): StoreEntry[] {
  const entry = (path: string, value: string): StoreEntry => ({
    path: `${domainHome(0)}${path}`,
    value,
    perms: ['n0'],
  });
  return [
    entry('', ''),
    entry('/name', 'Domain-0'),
    entry('/domid', '0'),
    entry('/memory', ''),
    entry('/memory/static-max', String(memoryKiB)),
    entry('/memory/target', String(memoryKiB)),
    entry('/backend', ''),
  ];
}

const GUEST_OWNED = [
  'control/shutdown',
  'control/feature-poweroff',
  'control/feature-reboot',
  'control/feature-suspend',
  'control/feature-s3',
  'control/feature-s4',
  'control/sysrq',
  'device/suspend/event-channel',
  'data',
  'drivers',
  'feature',
  'attr',
  'error',
];

function homeEntries(config: DomainSkeleton): StoreEntry[] {
  const { domid } = config;
  const home = domainHome(domid);
  const readOnly: PermissionList = ['n0', `r${domid}`];
  const dom0 = (path: string, value: string | number = ''): StoreEntry => ({
    path: `${home}${path === '' ? '' : '/'}${path}`,
    value: String(value),
    perms: readOnly,
  });
  const cpus = Array.from({ length: config.maxVcpus }, (_, cpu) => [
    dom0(`cpu/${cpu}`),
    dom0(`cpu/${cpu}/availability`, cpu < config.vcpus ? 'online' : 'offline'),
  ]);
  return [
    dom0(''),
    dom0('vm', `/vm/${config.uuid}`),
    dom0('name', config.name),
    dom0('domid', domid),
    dom0('cpu'),
    ...cpus.flat(),
    dom0('memory'),
    dom0('memory/static-max', config.maxMemoryKiB),
    dom0('memory/target', config.memoryKiB),
    dom0('memory/videoram', config.videoRamKiB),
    dom0('device'),
    dom0('device/suspend'),
    dom0('control'),
    ...GUEST_OWNED.map((path) => ({ path: `${home}/${path}`, value: '', perms: [`n${domid}`] })),
    dom0('control/platform-feature-multiprocessor-suspend', 1),
    dom0('control/platform-feature-xs_reset_watches', 1),
    dom0('platform'),
    dom0('platform/acpi', 1),
    dom0('platform/acpi_s3', 0),
    dom0('platform/acpi_s4', 0),
    dom0('platform/acpi_laptop_slate', 0),
    dom0('hvmloader'),
    dom0('hvmloader/bios', config.bios ?? 'seabios'),
    dom0('hvmloader/allow-memory-relocate', 1),
    dom0('bios-strings'),
    dom0('store'),
    dom0('store/port', config.store.port),
    dom0('store/ring-ref', config.store.gfn),
  ];
}

/** The primary console: outside of `device/`, owned by its back end, without a state machine. */
function primaryConsole(config: DomainSkeleton): StoreEntry[] {
  const { domid, backendDomid = 0 } = config;
  const front = `${domainHome(domid)}/console`;
  const back = `${domainHome(backendDomid)}/backend/console/${domid}/0`;
  const perms = [`n${backendDomid}`, `r${domid}`];
  const frontend: Readonly<Record<string, string | number>> = {
    backend: back,
    'backend-id': backendDomid,
    limit: CONSOLE_LIMIT_BYTES,
    type: 'xenconsoled',
    output: 'pty',
    tty: config.console.tty ?? '',
    port: config.console.port,
    'ring-ref': config.console.gfn,
  };
  const backend: Readonly<Record<string, string | number>> = {
    frontend: front,
    'frontend-id': domid,
    online: 1,
    state: 1,
    protocol: 'vt100',
  };
  return [...directoryEntries(front, frontend, perms), ...directoryEntries(back, backend, perms)];
}

function vmEntries(config: DomainSkeleton): StoreEntry[] {
  const perms = ['n0', `r${config.domid}`];
  const values: Readonly<Record<string, string | number>> = {
    uuid: config.uuid,
    name: config.name,
    'rtc/timeoffset': config.rtcTimeOffsetSeconds ?? 0,
    'image/ostype': 'hvm',
    start_time: (config.startTimeMs / 1000).toFixed(2),
  };
  return directoryEntries(`/vm/${config.uuid}`, values, perms);
}

function libxlEntries({ domid, backendDomid = 0 }: DomainSkeleton): StoreEntry[] {
  const path = `/libxl/${domid}`;
  const console = `${path}/device/console/0`;
  return [
    ...directoryEntries(path, { device: '', type: 'hvm', 'dm-version': 'qemu_xen' }, ['n0']),
    ...directoryEntries(
      console,
      {
        frontend: `${domainHome(domid)}/console`,
        backend: `${domainHome(backendDomid)}/backend/console/${domid}/0`,
        'frontend-id': domid,
        online: 1,
        state: 1,
        protocol: 'vt100',
      },
      ['n0'],
    ),
  ];
}

/** A directory and its nodes, all with the same permissions. */
export function directoryEntries(
  path: string,
  values: Readonly<Record<string, string | number>>,
  perms: PermissionList,
): StoreEntry[] {
  return [
    { path, value: '', perms },
    ...Object.entries(values).map(([leaf, value]) => ({
      path: `${path}/${leaf}`,
      value: String(value),
      perms,
    })),
  ];
}
