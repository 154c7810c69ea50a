import { describe, expect, it } from 'vitest';
import type { ListedDomain } from './xl-list.ts';
import { listLines, stateLetters } from './xl-list.ts';

function domain(change: Partial<ListedDomain>): ListedDomain {
  return {
    uuid: '00000000-0000-4000-8000-000000000001',
    name: 'web1',
    domid: 3,
    host: 'alpha',
    state: 'running',
    reason: null,
    wasRunning: false,
    isDomain0: false,
    protection: null,
    image: 'debian',
    vcpus: 1,
    memory: { actualKiB: 65_536, targetKiB: 65_536, minimumKiB: 16_384, maximumKiB: 131_072 },
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'destroy',
    createdAtMs: 0,
    startedAtMs: 0,
    address: null,
    disks: [],
    interfaces: [],
    checkpoints: null,
    cpuTimeMs: 12_340,
    cpuPercent: 2,
    ...change,
  };
}

describe('the list', () => {
  it("has xl's columns at xl's places", () => {
    expect(listLines([domain({})])).toEqual([
      'Name                                        ID   Mem VCPUs\tState\tTime(s)',
      'web1                                         3    64     1     -b----      12.3',
    ]);
  });

  it('says the host when there are several', () => {
    const [head, first, second] = listLines([domain({}), domain({ host: 'beta' })]);
    expect(head).toMatch(/Time\(s\) {2}Host$/);
    expect(first).toMatch(/12\.3 {2}alpha$/);
    expect(second).toMatch(/12\.3 {2}beta$/);
  });

  it('says the address where somebody has one', () => {
    const listed = [domain({}), domain({ host: 'beta', address: '10.77.0.2' })];
    const [head, first, second] = listLines(listed);
    expect(head).toMatch(/Time\(s\) {2}Host {3}Address$/);
    expect(first).toMatch(/12\.3 {2}alpha {2}-$/);
    expect(second).toMatch(/12\.3 {2}beta {3}10\.77\.0\.2$/);
  });

  it('shows a domain that is off with what it is set to', () => {
    const memory = { actualKiB: 0, targetKiB: 98_304, minimumKiB: 0, maximumKiB: 98_304 };
    const [, line] = listLines([domain({ domid: null, state: 'shut-off', memory, cpuTimeMs: 0 })]);
    expect(line).toBe(
      'web1                                         -    96     1     ---s--       0.0',
    );
  });

  it('lets a longer name push its columns, as xl does', () => {
    const [, line] = listLines([domain({ name: 'n'.repeat(63) })]);
    expect(line).toMatch(/^n{63} {5}3 /);
  });

  it.each([
    ['running', 90, 'r-----'],
    ['running', 1, '-b----'],
    ['shutting-down', 1, '-b----'],
    ['paused', 0, '--p---'],
    ['migrating', 0, '--p---'],
    ['shut-off', 0, '---s--'],
    ['crashed', 0, '---sc-'],
    ['starting', 0, '------'],
  ] as const)('%s at %d %% is %s', (state, cpuPercent, letters) => {
    expect(stateLetters({ state, cpuPercent })).toBe(letters);
  });
});
