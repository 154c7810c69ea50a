/** What is made of the moves that `migrate` measured. */
import type { MigrationReport } from '../../../shared/contract/index.ts';
import type { Figures, Measurement } from '../bench.ts';
import type { MovingWork } from '../guest/moving-work.ts';
import { MOVING_WORK } from '../guest/moving-work.ts';
import type { SeenMove } from '../measure/observed-move.ts';
import { MOST_AFTER_MS } from '../measure/observed-move.ts';
import { median, round } from '../statistics/statistics.ts';

/** Of one workload. */
export interface Moves {
  /** Of the guest's memory, before the first. */
  usedBytes: number;
  mostRequestsPerSecond: number | null;
  domus: { report: MigrationReport; seen: SeenMove }[];
  /** With the move of ours that was before it. */
  qemu: { seen: SeenMove; domus: SeenMove }[];
}

export function migrateResult(
  moves: Record<MovingWork, Moves>,
  hasQemu: boolean,
  qemuLost: string | null,
): Measurement {
  const each = <T>(of: (moves: Moves, work: MovingWork) => T): Record<string, T> =>
    Object.fromEntries(MOVING_WORK.map((work) => [work, of(moves[work], work)]));
  return {
    figures: each(figures),
    detail: each(detail),
    notes: [
      'lost_requests is of the workload that serves requests: null for the others.',
      'Speed, for recovery_ms: how quickly the probe (idle) and web requests (web) are answered; writes a second (dirty).',
      `A guest that had not recovered after ${MOST_AFTER_MS} ms counts with that.`,
      ...(hasQemu
        ? [
            'QEMU keeps to the rate while its guest runs; what is left when it stands still goes as fast as the machine can, ours at 1 Gbit/s.',
          ]
        : ['QEMU is not installed (Debian: qemu-system-x86): no qemu_downtime_ratio.']),
      ...(qemuLost === null ? [] : [`QEMU was not measured to the end: ${qemuLost}`]),
    ],
  };
}

const recovery = (ms: number | null): number => ms ?? MOST_AFTER_MS;

function figures({ usedBytes, domus, qemu }: Moves, work: MovingWork): Figures {
  const of = (value: (move: Moves['domus'][number]) => number): number[] => domus.map(value);
  const downtimes = of(({ report }) => report.downtimeMs);
  const ratios = qemu.map(({ seen, domus: own }) => own.gapMs / seen.gapMs);
  return {
    downtime_ms: { p50: round(median(downtimes), 2), max: round(Math.max(...downtimes), 2) },
    gap_ms: round(median(of(({ seen }) => seen.gapMs)), 2),
    total_ms: round(median(of(({ report }) => report.totalMs)), 0),
    bytes_ratio: round(median(of(({ report }) => report.bytes)) / usedBytes, 3),
    lost_requests:
      work === 'web'
        ? of(({ seen }) => seen.lostAtMs.length).reduce((sum, lost) => sum + lost, 0)
        : null,
    recovery_ms: round(median(of(({ seen }) => recovery(seen.recoveryMs))), 0),
    qemu_downtime_ratio: ratios.length > 0 ? round(median(ratios), 3) : null,
  };
}

function detail({ usedBytes, mostRequestsPerSecond, domus, qemu }: Moves): object {
  const list = (value: (move: Moves['domus'][number]) => number, digits = 1): number[] =>
    domus.map((move) => round(value(move), digits));
  return {
    used_mib: round(usedBytes / 2 ** 20, 1),
    runs: domus.length,
    downtime_ms: list(({ report }) => report.downtimeMs),
    gap_ms: list(({ seen }) => seen.gapMs),
    usual_silence_ms: list(({ seen }) => seen.usualMs, 2),
    longest_silence_before_ms: list(({ seen }) => seen.usualLongestMs),
    probe_pause_ms: list(({ seen }) => seen.probePauseMs),
    rounds: list(({ report }) => report.rounds.length),
    stop_reasons: [...new Set(domus.map(({ report }) => report.stopReason))],
    all_verified: domus.every(({ report }) => report.verified),
    speed_before: list(({ seen }) => seen.speedBefore, 1),
    recovery_ms: domus.map(({ seen }) => seen.recoveryMs),
    most_requests_per_s: mostRequestsPerSecond === null ? null : round(mostRequestsPerSecond, 1),
    requests: domus.reduce((sum, { seen }) => sum + seen.requests, 0),
    lost_at_ms: domus.map(({ seen }) => seen.lostAtMs.map((ms) => round(ms, 0))),
    qemu_gap_ms: qemu.map(({ seen }) => round(seen.gapMs, 1)),
    qemu_longest_silence_before_ms: qemu.map(({ seen }) => round(seen.usualLongestMs, 1)),
    qemu_lost_at_ms: qemu.map(({ seen }) => seen.lostAtMs.map((ms) => round(ms, 0))),
    qemu_recovery_ms: qemu.map(({ seen }) => seen.recoveryMs),
  };
}
