// Programs that tests use and Debian packages bring: installed where that is allowed, else named.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from './setup.mjs';

/** Debian's package for each file whose absence means that it is not installed. */
const NEEDED = {
  '/usr/bin/chromium': 'chromium',
  '/usr/bin/xenstore-ls': 'xenstore-utils',
  '/usr/include/xen/xen.h': 'libxen-dev',
  '/usr/lib/gcc/x86_64-linux-gnu': 'gcc',
  '/usr/include/x86_64-linux-gnu/asm': 'libc6-dev',
  '/usr/bin/iasl': 'acpica-tools',
  '/usr/bin/qemu-img': 'qemu-utils',
  '/usr/bin/tcpdump': 'tcpdump',
  '/usr/bin/mmdebstrap': 'mmdebstrap',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/sbin/mke2fs': 'e2fsprogs',
};
/** The C compiler for 32 bits has no file of one name: it is asked. */
const MULTILIB = 'gcc-multilib';

function missing() {
  const packages = Object.entries(NEEDED)
    .filter(([path]) => !existsSync(path))
    .map(([, name]) => name);
  const { status } = spawnSync(
    'gcc',
    ['-m32', '-E', '-include', 'stdint.h', '-x', 'c', '/dev/null'],
    {
      stdio: 'ignore',
    },
  );
  return status === 0 ? packages : [...packages, MULTILIB];
}

/** @throws when something is missing that may not be installed here: the message names it. */
export function ensureDebianPackages() {
  const packages = missing();
  if (packages.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`the tests need programs that are not installed; as root: ${command}`);
  }
  console.error(`Installing for the tests: ${packages.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-q'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  run('apt-get', command.split(' ').slice(1), { env, stdio: ['ignore', 'ignore', 'inherit'] });
}
