import { fileURLToPath } from 'node:url';

/** One file of ours on Debian's root disk. The path has no leading slash. */
export interface DebianEntry {
  readonly path: string;
  readonly mode: number;
  /** Which folder has its content, under the same path: the initramfs's, or `debian-root`. */
  readonly from: 'rootfs' | 'debian';
}

/** Where the contents of those `from` `debian` lie. */
export const debianRoot = fileURLToPath(new URL('debian-root', import.meta.url));

const own = (path: string, mode = 0o644): DebianEntry => ({ path, mode, from: 'debian' });
const shared = (path: string, mode = 0o644): DebianEntry => ({ path, mode, from: 'rootfs' });

/** What the disk holds besides Debian's packages. */
export const debianEntries: readonly DebianEntry[] = [
  own('etc/apt/sources.list.d/debian.sources'),
  own('etc/fstab'),
  own('etc/inittab'),
  own('etc/network/interfaces'),
  own('lib/domus/host-keys', 0o755),
  own('lib/domus/hotplug', 0o755),
  own('lib/domus/start-up', 0o755),
  shared('lib/domus/agent', 0o755),
  shared('lib/domus/agent-identity'),
  shared('lib/domus/agent-jobs'),
];
