/** The gateways' worker as the toolstack sees it. */
import type { Worker } from 'node:worker_threads';
import type {
  GatewayCalls,
  GatewayEvents,
  GatewayWorkerData,
} from '../control/gateway.contract.ts';
import { WorkerLink } from '../control/worker-link.ts';

/** Starts `main/workers/gateway.worker.ts`; which file that is, only the workers know. */
export type GatewayWorkerFactory = (data: GatewayWorkerData) => Worker;

/** Of the names of domains in DNS. */
const ZONE = 'domus.internal';

export type GatewayLink = WorkerLink<GatewayCalls, GatewayEvents>;

export function startGateways(factory: GatewayWorkerFactory): GatewayLink {
  return new WorkerLink(factory({ zone: ZONE }), 'the gateways’ worker');
}
