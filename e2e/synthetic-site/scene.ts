/** The site as it stands when the program starts: hosts, domains, an image. */
import type { Domain, DomainState, Host, Image } from '../../shared/contract/index.ts';
import { makeDeviceScene, type DeviceScene } from './device-scene.ts';
import type { Random } from './random.ts';

export interface SceneOptions {
  readonly domains: number;
  readonly hosts: number;
  readonly wasRunning: number;
  /** Without pools, networks and devices. */
  readonly bare: boolean;
}

export interface Scene extends DeviceScene {
  readonly hosts: Host[];
  readonly domains: Domain[];
  readonly images: Image[];
}

const HOST_NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
const DOMAIN_NAMES = ['web', 'db', 'lab', 'mail', 'cache', 'build', 'proxy', 'queue'];
const DOMAIN0_KIB = 64 * 1024;
const MINUTE_MS = 60_000;

export function makeScene(options: SceneOptions, random: Random, nowMs: number): Scene {
  const hosts = Array.from({ length: options.hosts }, (_, index) => makeHost(index));
  const guests = Array.from({ length: options.domains }, (_, index) =>
    makeGuest(index, hosts[index % hosts.length]!.name, options, random, nowMs),
  );
  const perHost = Math.ceil(options.domains / options.hosts);
  for (const host of hosts) {
    host.memoryKiB = Math.max(1024, Math.ceil(perHost / 4) * 768) * 1024;
  }
  tightenLastHost(hosts, guests);
  const domain0s = hosts.map((host) => makeDomain0(host, random, nowMs));
  const devices = options.bare
    ? { pools: [], networks: [], forwards: [] }
    : makeDeviceScene(
        hosts.map((host) => host.name),
        guests,
      );
  return { hosts, domains: [...domain0s, ...guests], images: makeImages(nowMs), ...devices };
}

function makeHost(index: number): Host {
  return {
    name: HOST_NAMES[index] ?? `host-${index + 1}`,
    memoryKiB: 0,
    freeKiB: 0,
    domain0KiB: DOMAIN0_KIB,
    pcpus: index % 2 === 0 ? 2 : 4,
    bandwidthBytesPerSecond: 125_000_000,
    latencyMs: 0.5,
    lossPercent: 0,
    state: 'up',
    drained: false,
  };
}

/** With three hosts or more the last one is nearly full, so that moving there is refused. */
function tightenLastHost(hosts: readonly Host[], guests: readonly Domain[]): void {
  const last = hosts.at(-1);
  if (last === undefined || hosts.length < 3) return;
  const heldKiB = guests
    .filter((guest) => guest.host === last.name)
    .reduce((sum, guest) => sum + guest.memory.actualKiB, DOMAIN0_KIB);
  last.memoryKiB = heldKiB + 24 * 1024;
}

function makeGuest(
  index: number,
  host: string,
  options: SceneOptions,
  random: Random,
  nowMs: number,
): Domain {
  const wasRunning = index < options.wasRunning;
  const state: DomainState = wasRunning ? 'shut-off' : stateOf(index);
  const alive = state === 'running' || state === 'paused';
  const maximumKiB = [128, 128, 256, 192][index % 4]! * 1024;
  const actualKiB = (maximumKiB * random.integer(3, 8)) / 8;
  return {
    uuid: random.uuid(),
    name: `${DOMAIN_NAMES[index % DOMAIN_NAMES.length]!}${Math.floor(index / DOMAIN_NAMES.length) + 1}`,
    domid: alive ? index + 1 : null,
    host,
    state,
    reason: reasonOf(state),
    wasRunning,
    isDomain0: false,
    protection: null,
    image: 'debian-12-i386',
    vcpus: 1,
    memory: {
      actualKiB: alive ? actualKiB : 0,
      targetKiB: actualKiB,
      minimumKiB: 32 * 1024,
      maximumKiB,
    },
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'preserve',
    createdAtMs: nowMs - 90_000 * MINUTE_MS,
    startedAtMs: alive ? nowMs - random.integer(1, 5000) * MINUTE_MS : null,
    address: null,
    disks: [],
    interfaces: [],
    checkpoints: null,
  };
}

function stateOf(index: number): DomainState {
  if (index % 6 === 3) return 'paused';
  if (index % 12 === 5) return 'shut-off';
  if (index % 24 === 10) return 'crashed';
  return 'running';
}

function reasonOf(state: DomainState): string | null {
  if (state === 'crashed') return 'its kernel panicked: VFS: unable to mount root fs';
  return null;
}

function makeDomain0(host: Host, random: Random, nowMs: number): Domain {
  return {
    uuid: random.uuid(),
    name: 'Domain-0',
    domid: 0,
    host: host.name,
    state: 'running',
    reason: null,
    wasRunning: false,
    isDomain0: true,
    protection: null,
    image: '',
    vcpus: host.pcpus,
    memory: {
      actualKiB: DOMAIN0_KIB,
      targetKiB: DOMAIN0_KIB,
      minimumKiB: DOMAIN0_KIB,
      maximumKiB: DOMAIN0_KIB,
    },
    onPoweroff: 'destroy',
    onReboot: 'destroy',
    onCrash: 'destroy',
    createdAtMs: nowMs,
    startedAtMs: nowMs - 5000 * MINUTE_MS,
    address: null,
    disks: [],
    interfaces: [],
    checkpoints: null,
  };
}

function makeImages(nowMs: number): Image[] {
  return [
    {
      id: 'debian-12-i386',
      name: 'debian-12-i386',
      kind: 'built',
      kernelVersion: '6.1.0-40-686-pae',
      cmdline: 'console=hvc0 quiet',
      sizeBytes: 27_482_112,
      diskBytes: null,
      createdAtMs: nowMs - 3 * 24 * 60 * MINUTE_MS,
      goldenMiB: [128, 256],
      isDefault: true,
    },
    {
      id: 'rescue',
      name: 'rescue',
      kind: 'imported',
      kernelVersion: '6.12.48',
      cmdline: 'console=hvc0',
      sizeBytes: 41_200_000,
      diskBytes: null,
      createdAtMs: nowMs - 40 * MINUTE_MS,
      goldenMiB: [],
      isDefault: false,
    },
  ];
}
