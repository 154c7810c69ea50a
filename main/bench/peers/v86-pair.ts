/**
 * Two plain v86 on one network: a thread each, and between their virtio cards the rings and the
 * switch that domains' interfaces have.
 */
import { Worker } from 'node:worker_threads';
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import { newCounters, NetworkSwitch } from '../../dom0/network/index.ts';
import { Cable } from '../../workers/host/cable.ts';
import type { Addresses } from '../guest/network-work.ts';
import { MachineError } from './machine.ts';
import type { BootFiles, Machine } from './machine.ts';
import type { PlainV86Answer, PlainV86Options } from './plain-v86.contract.ts';
import { V86Dialogue } from './v86-dialogue.ts';

const RING_BYTES = 1 << 20;

/** One of the two. Its thread is this process's. */
export class ThreadV86 extends V86Dialogue implements Machine {
  readonly pid = process.pid;
  private readonly worker: Worker;

  constructor(options: PlainV86Options) {
    const worker = new Worker(new URL('./plain-v86.worker.ts', import.meta.url), {
      workerData: options,
    });
    super((message) => worker.postMessage(message));
    this.worker = worker;
    worker.on('message', (answer: PlainV86Answer) => this.receive(answer));
    worker.on('error', (error: Error) => this.ended(`its thread failed: ${error.message}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate();
  }
}

/** Both boot at once. Their interfaces are `eth0`, without address; the MAC is the guest's to set. */
export function startPair(
  files: BootFiles,
  memoryMiB: number,
  stations: readonly [Addresses, Addresses],
): [ThreadV86, ThreadV86] {
  const network = new NetworkSwitch({ now: () => performance.now() });
  const [first, second] = stations.map((station, index) => {
    const cable = { sent: createFrameRing(RING_BYTES), received: createFrameRing(RING_BYTES) };
    plug(network, station, `v86-${index}`, cable);
    return new ThreadV86({ files, memoryMiB, stateFile: null, diskFile: null, cable });
  });
  return [first!, second!];
}

function plug(
  network: NetworkSwitch,
  { mac, address }: Addresses,
  id: string,
  cable: NonNullable<PlainV86Options['cable']>,
): void {
  const spec = {
    ...cable,
    handle: 0,
    mac,
    mtu: network.mtu,
    network: 'bench',
    addresses: [address],
    linkUp: true,
    sendLimitBytesPerSecond: null,
    receiveLimitBytesPerSecond: null,
    access: { rules: [], otherwise: 'allow' as const },
  };
  new Cable({
    spec,
    id,
    network,
    // The cards' thread has an event loop of its own, which the ring itself wakes.
    handle: { ring: () => undefined },
    ability: { checksumPartial: false, segmentation: false },
    counters: newCounters(),
    wayTo: () => null,
    broken: (why) => {
      throw new MachineError(`${id}: its cable broke: ${why}`);
    },
  });
}
