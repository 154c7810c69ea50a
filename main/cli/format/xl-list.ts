/**
 * `xl list`: Name 40 wide, ID, Mem (MiB), VCPUs, State, Time(s); then Host where there are several,
 * and Address where somebody has one.
 */
import type { Domain, DomainState } from '../../../shared/contract/index.ts';
import { table } from './table.ts';
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
  const head = 'Name                                        ID   Mem VCPUs\tState\tTime(s)';
  const more: [title: string, of: (domain: ListedDomain) => string][] = [];
  if (new Set(domains.map(({ host }) => host)).size > 1) more.push(['Host', ({ host }) => host]);
  if (domains.some(({ address }) => address !== null)) {
    more.push(['Address', ({ address }) => address ?? '-']);
  }
  const columns = table(
    more.map(([title]) => title),
    domains.map((domain) => more.map(([, of]) => of(domain))),
  );
  return [head, ...domains.map(listRow)].map((line, row) => `${line}  ${columns[row]}`.trimEnd());
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
    case 'saved':
      return '---s--';
    case 'crashed':
      return '---sc-';
    case 'starting':
      return '------';
  }
}
