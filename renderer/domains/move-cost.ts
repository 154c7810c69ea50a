/** What a move costs, as a part of a sentence. */
import type { MigrationTarget } from '../../shared/contract/index.ts';
import { milliseconds, size } from '../design/format.ts';

/** `stops for about 60 ms; 38 MiB of disks are copied to beta-local first` */
export function moveCost({ estimatedStopMs, diskBytes, diskPool }: MigrationTarget): string {
  const stop = `stops for about ${milliseconds(estimatedStopMs)}`;
  if (diskPool === null) return stop;
  return `${stop}; ${size(diskBytes)} of disks are copied to ${diskPool} first`;
}
