/** What both ends of a domain's stream say the same way. */
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { StreamReport } from '../../migration/index.ts';

export function peerOf(doorbell: SharedArrayBuffer | undefined): { peerDoorbell?: Doorbell } {
  return doorbell ? { peerDoorbell: new Doorbell(doorbell) } : {};
}

export function summaryOf(report: StreamReport): { bytes: number; pages: number; digest: string } {
  return { bytes: report.bytes, pages: report.dataPages, digest: report.digest };
}
