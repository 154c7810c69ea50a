/**
 * One machine's times over another's.
 *
 * Within one draw the rounds agree; from draw to draw the same machine differs by up to a tenth on
 * one workload, because which guest code is compiled together is chance (two plain v86 beside each
 * other show it as well). So rounds are reduced first, and draws after.
 */
import { geometricMean, median } from '../statistics/statistics.ts';
import type { Samples, Timing } from './interleave.ts';

export interface WorkloadRatio {
  /** Median over the draws. */
  ratio: number;
  /** Of each draw: the median of its rounds' ratios, each of two neighbours in time. */
  draws: number[];
  /** As `ratio`, of the processor time of all threads instead of the host's clock. */
  cpuTimeRatio: number;
  /** Medians of all times by the host's clock, ms. */
  subjectMs: number;
  peerMs: number;
}

export interface Comparison {
  /** Geometric mean of the workloads' ratios. */
  overall: number;
  worst: number;
  /** Geometric mean of the ratios of processor time: hardly moved by other load. */
  cpuTime: number;
  workloads: Record<string, WorkloadRatio>;
}

/** In every draw both machines must have run the same workloads, equally often. */
export function compare(draws: readonly Samples[], subject: string, peer: string): Comparison {
  const names = Object.keys(draws[0] ?? {});
  const workloads = Object.fromEntries(
    names.map((name) => {
      const pairs = draws.map((draw) => pair(draw[name]?.[subject], draw[name]?.[peer]));
      return [name, compareWorkload(pairs)];
    }),
  );
  const results = Object.values(workloads);
  return {
    overall: geometricMean(results.map(({ ratio }) => ratio)),
    worst: Math.max(...results.map(({ ratio }) => ratio)),
    cpuTime: geometricMean(results.map(({ cpuTimeRatio }) => cpuTimeRatio)),
    workloads,
  };
}

interface Round {
  subject: Timing;
  peer: Timing;
}

function pair(subject: readonly Timing[] = [], peer: readonly Timing[] = []): Round[] {
  if (subject.length !== peer.length) throw new RangeError('rounds without a partner');
  return subject.map((timing, round) => ({ subject: timing, peer: peer[round]! }));
}

function compareWorkload(draws: readonly Round[][]): WorkloadRatio {
  const ratios = (of: (timing: Timing) => number): number[] =>
    draws.map((rounds) => median(rounds.map(({ subject, peer }) => of(subject) / of(peer))));
  const wallMs = ({ wallMs }: Timing): number => wallMs;
  const ofDraws = ratios(wallMs);
  const all = draws.flat();
  return {
    ratio: median(ofDraws),
    draws: ofDraws,
    cpuTimeRatio: median(ratios(({ cpuMs }) => cpuMs)),
    subjectMs: median(all.map(({ subject }) => subject.wallMs)),
    peerMs: median(all.map(({ peer }) => peer.wallMs)),
  };
}
