/**
 * A domain's thread. It waits, warm, for `start`; from `run` on it belongs to the guest and hears
 * its host by the doorbell only.
 */
import { workerData } from 'node:worker_threads';
import { config as zodConfig } from 'zod';
import { warmUp } from '../hypervisor/index.ts';
import { DomainThread } from './domain/domain-thread.ts';
import type { DomainWorkerData } from './domain/domain.contract.ts';

// A domain checks three states in its life: making code for that takes longer than checking them.
zodConfig({ jitless: true });
const data = workerData as DomainWorkerData;
await warmUp();
const thread = new DomainThread(data);
// One that cannot be made now is made, or refused with the reason, when its domain is there.
if (data.likelyMemoryKiB !== null) await thread.makeMachine(data.likelyMemoryKiB).catch(() => {});
thread.listen();
