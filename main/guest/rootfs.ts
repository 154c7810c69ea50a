import { fileURLToPath } from 'node:url';

/** One thing of ours that goes into a guest image. Paths have no leading slash. */
export type GuestEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** Where the contents of {@link guestEntries}' files lie, under the same paths. */
export const guestRootfs = fileURLToPath(new URL('rootfs', import.meta.url));

const directory = (path: string, mode = 0o755): GuestEntry => ({ kind: 'directory', path, mode });
const file = (path: string, mode = 0o644): GuestEntry => ({ kind: 'file', path, mode });

/** What the image holds besides busybox and the kernel's modules; parents before children. */
export const guestEntries: readonly GuestEntry[] = [
  ...['bin', 'dev', 'etc', 'lib', 'lib/domus', 'lib/modules', 'mnt', 'proc', 'proc/xen'].map(
    (path) => directory(path),
  ),
  directory('root', 0o700),
  ...['run', 'sbin', 'sys', 'usr', 'usr/bin', 'usr/sbin', 'var'].map((path) => directory(path)),
  directory('tmp', 0o1777),
  { kind: 'link', path: 'var/run', target: '/run' },
  { kind: 'link', path: 'bin/sh', target: 'busybox' },
  // The kernel opens it for the first program, before devtmpfs is mounted.
  { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  file('init', 0o755),
  file('etc/filesystems'),
  file('etc/fstab'),
  file('etc/group'),
  file('etc/passwd'),
  file('etc/profile'),
  file('etc/hosts'),
  file('lib/domus/agent', 0o755),
  file('lib/domus/agent-identity'),
  file('lib/domus/agent-jobs'),
  file('lib/domus/dhcp', 0o755),
  file('lib/domus/hotplug', 0o755),
  file('lib/domus/switch-root'),
];

/**
 * Kernel modules of the image. Those without which nothing starts are built into Debian's kernel;
 * these are loaded when a device of theirs appears or a program asks.
 */
export const guestModules: readonly string[] = [
  'xen-blkfront',
  'xen-netfront',
  'xen-evtchn',
  'xen-gntalloc',
  'xen-gntdev',
  'xen-privcmd',
  'xenfs',
  'af_packet',
  'ipv6',
  'crc32c_generic',
  'ext4',
  'loop',
];
