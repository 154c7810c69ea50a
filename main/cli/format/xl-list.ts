/** `xl list`: Name 40 wide, ID, Mem (MiB), VCPUs, State, Time(s); a Host column for several hosts. */
import type { Domain, DomainState } from '../../../shared/contract/index.ts';
import { mib } from './units.ts';

export interface ListedDomain extends Domain {
  /** Of its present life. */
  cpuTimeMs: number;
  /** Of one pCPU, lately. */
  cpuPercent: number;
}

/** Above this a vCPU counts as running rather than blocked: xl asks at one instant, we over a while. */
const RUNNING_PERCENT = 50;

export function listLines(domains: readonly ListedDomain[]): string[] {
  const severalHosts = new Set(domains.map(({ host }) => host)).size > 1;
  const head = 'Name                                        ID   Mem VCPUs\tState\tTime(s)';
  const lines = domains.map((domain) => {
    const row = listRow(domain);
    return severalHosts ? `${row}  ${domain.host}` : row;
  });
  return [severalHosts ? `${head}  Host` : head, ...lines];
}

function listRow(domain: ListedDomain): string {
  const memoryKiB = domain.domid === null ? domain.memory.targetKiB : domain.memory.actualKiB;
  return [
    domain.name.padEnd(40),
    String(domain.domid ?? '-').padStart(5),
    String(mib(memoryKiB)).padStart(5),
    String(domain.vcpus).padStart(5),
    `    ${stateLetters(domain)}`,
    ` ${(domain.cpuTimeMs / 1000).toFixed(1).padStart(8)}`,
  ].join(' ');
}

/** r running, b blocked, p paused, s shut down, then why it shut down, then d dying. */
export function stateLetters({
  state,
  cpuPercent,
}: {
  state: DomainState;
  cpuPercent: number;
}): string {
  switch (state) {
    case 'running':
    case 'shutting-down':
      return cpuPercent >= RUNNING_PERCENT ? 'r-----' : '-b----';
    case 'paused':
    case 'migrating':
      return '--p---';
    case 'shut-off':
      return '---s--';
    case 'crashed':
      return '---sc-';
    case 'starting':
      return '------';
  }
}
