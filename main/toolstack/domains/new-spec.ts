/** The shared memory that a domain's life begins with. */
import { createRing } from '../../../shared/ring/byte-ring.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DomainCounters } from '../../hypervisor/index.ts';
import type { ConsoleRings, DomainSpec } from '../control/host.contract.ts';

const CONSOLE_OUTPUT_BYTES = 256 * 1024;
const CONSOLE_INPUT_BYTES = 64 * 1024;
const AGENT_BYTES = 64 * 1024;
/** How late an idle guest's timer may come. */
const TIMER_SLACK_MS = 32;

export interface NewLife {
  uuid: string;
  name: string;
  domid: number;
  memoryKiB: number;
  maxMemoryKiB: number;
}

export function newSpec(life: NewLife): DomainSpec {
  return {
    ...life,
    console: rings(CONSOLE_OUTPUT_BYTES, CONSOLE_INPUT_BYTES),
    agent: rings(AGENT_BYTES, AGENT_BYTES),
    doorbell: new Doorbell().buffer,
    counters: new DomainCounters().buffer,
    timerSlackMs: TIMER_SLACK_MS,
    disks: [],
    interfaces: [],
  };
}

function rings(outputBytes: number, inputBytes: number): ConsoleRings {
  return { output: createRing(outputBytes), input: createRing(inputBytes) };
}
