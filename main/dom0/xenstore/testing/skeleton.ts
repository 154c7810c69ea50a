import type { DomainSkeleton } from '../domain-skeleton.ts';

/** An ordinary domain for tests. */
export function skeletonOf(domid: number, uuid: string): DomainSkeleton {
  return {
    domid,
    uuid,
    name: 'demo',
    memoryKiB: 65_536,
    maxMemoryKiB: 131_072,
    videoRamKiB: 0,
    vcpus: 1,
    maxVcpus: 2,
    store: { port: 1, gfn: 0xfeffc },
    console: { port: 2, gfn: 0xfefff, tty: '/dev/pts/5' },
    startTimeMs: 1_700_000_000_120,
  };
}
