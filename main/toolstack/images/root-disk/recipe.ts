/** What the Debian root disk holds, and what it is made with: docs/adr/0012-debian-disk-image.md. */
import { suites } from '../debian/suite.ts';

/** Goes up whenever the same packages and files would give another disk. */
export const diskRecipeVersion = 1;

/** Room that a guest has without asking for more; what is not written takes none of the machine's. */
export const DISK_BYTES = 4 * 2 ** 30;

/** Where the kernel finds it. */
export const ROOT_DEVICE = '/dev/xvda';

/**
 * Besides the initramfs's. `concurrency=none` is rc's: services start one after the other, without a
 * program that arranges them, which takes longer than it saves on one processor.
 */
export const DISK_WORDS = `root=${ROOT_DEVICE} concurrency=none`;

/** Besides Debian's essential packages and apt. */
export const diskPackages: readonly string[] = [
  // Instead of systemd: program starts are what costs on an emulated processor.
  'sysvinit-core',
  'initscripts',
  'usr-is-merged',
  'busybox-static',
  'ca-certificates',
  'e2fsprogs',
  'ifupdown',
  'iproute2',
  'iputils-ping',
  'kmod',
  'less',
  'netbase',
  'openssh-server',
  'procps',
  'tzdata',
  'udhcpc',
  'vim-tiny',
];

/** Left out while the disk is made; packages that a person installs later bring theirs. */
const leftOut = [
  '/usr/share/man/*',
  '/usr/share/doc/*',
  '/usr/share/locale/*',
  '/usr/share/info/*',
];

/** Debian's start scripts whose work /lib/domus/start-up does, or which have none to do here. */
const doneElsewhere: readonly string[] = [
  ...['bootmisc.sh', 'brightness', 'checkfs.sh', 'checkroot-bootclean.sh', 'checkroot.sh'],
  ...[
    'hostname.sh',
    'hwclock.sh',
    'kmod',
    'mount-configfs',
    'mountall-bootclean.sh',
    'mountall.sh',
  ],
  ...['mountdevsubfs.sh', 'mountkernfs.sh', 'mountnfs-bootclean.sh', 'mountnfs.sh', 'networking'],
  ...['procps', 'urandom', 'bootlogs', 'rmnologin'],
];

export interface BootstrapPlan {
  readonly mode: 'root' | 'unshare';
  readonly mirrorRoots: Readonly<Record<'main' | 'security', string>>;
  /** Names of suites that can be read now. */
  readonly suites: readonly string[];
  readonly keyring: string;
  /** A tar archive of what goes over the packages' files. */
  readonly overlay: string;
  /** `uname -r` of the kernel whose modules the overlay holds. */
  readonly release: string;
  /** Where the list of packages goes. */
  readonly status: string;
  /** The folder of mmdebstrap's hook for a merged /usr; undefined where it has none. */
  readonly mergedUsrHook?: string | undefined;
}

/** The arguments of mmdebstrap(1); the root file system comes out as a tar archive. */
export function bootstrapArguments(plan: BootstrapPlan): string[] {
  const merged = plan.mergedUsrHook;
  return [
    `--mode=${plan.mode}`,
    '--architectures=i386',
    '--variant=minbase',
    '--format=tar',
    `--include=${diskPackages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--dpkgopt=force-unsafe-io',
    '--skip=output/dev',
    // Whether i386 programs run here shows when the first one does.
    '--skip=check/qemu',
    ...(merged === undefined ? [] : [`--hook-dir=${merged}`]),
    `--customize-hook=tar-in ${plan.overlay} /`,
    `--customize-hook=chroot "$1" sh -c '${finishing(plan.release)}'`,
    `--customize-hook=rm ${leftovers.map((path) => `"$1"${path}`).join(' ')} -rf`,
    `--customize-hook=download /var/lib/dpkg/status ${plan.status}`,
    suites[0]!.name,
    '-',
    ...suites
      .filter(({ name }) => plan.suites.includes(name))
      .map((suite) => {
        const root = plan.mirrorRoots[suite.archive];
        return `deb [signed-by=${plan.keyring}] ${root} ${suite.name} main`;
      }),
  ];
}

/** What a machine makes for itself, and what only the making needs. */
const leftovers = [
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d/0*',
  '/etc/apt/apt.conf.d/99mmdebstrap',
  '/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/etc/ssh/ssh_host_*',
  '/var/lib/systemd/random-seed',
  '/var/lib/urandom/random-seed',
  '/var/log/*.log',
  '/var/log/apt/*',
];

function finishing(release: string): string {
  return [
    'set -e',
    `depmod ${release}`,
    // Not removed: an upgrade of their package would bring them back.
    ...doneElsewhere.map((name) => `update-rc.d ${name} disable`),
    'mkdir -p /etc/inittab.d',
    ': >/root/.hushlogin',
    // The size that it has: it grows when it finds another.
    `mkdir -p /var/lib/domus; echo ${DISK_BYTES / 512} >/var/lib/domus/sectors`,
    'passwd -q -l root',
    // Capabilities of files are lost on the way to the disk where its maker is not root.
    'setcap -q -r /bin/ping || true',
    'chmod 4755 /bin/ping',
    ': >/etc/machine-id',
  ].join('; ');
}
