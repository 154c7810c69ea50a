/** All disks of one I/O worker, and the calls about them. */
import type { Handlers } from '../../../../shared/channel/channel.ts';
import { DomusError } from '../../../../shared/errors.ts';
import { Doorbell } from '../../../../shared/ring/doorbell.ts';
import type { DiskImage } from '../disk-image.ts';
import { openDisk } from '../open-disk.ts';
import { isDiskRing } from '../ring/disk-ring.abi.ts';
import { DiskRingServer } from '../ring/disk-ring-server.ts';
import { DiskJobs } from './disk-jobs.ts';
import { DiskMirrors } from './disk-mirrors.ts';
import type {
  DiskJobCalls,
  DiskMirrorCalls,
  DiskServiceCalls,
  DiskServiceEvents,
  OpenDisk,
  OpenedDisk,
} from './disk-service.contract.ts';
import { ServedDisk } from './served-disk.ts';

type Emit = <Name extends keyof DiskServiceEvents>(
  name: Name,
  payload: DiskServiceEvents[Name],
) => void;

export class DiskServer {
  private readonly disks = new Map<string, ServedDisk>();
  /** Being opened or closed: their names are taken. */
  private readonly busy = new Set<string>();
  private readonly emit: Emit;
  readonly handlers: Handlers<DiskServiceCalls>;

  constructor(emit: Emit) {
    this.emit = emit;
    const mirrors = new DiskMirrors({
      named: (disk) => this.named(disk),
      exclusively: (disk, work) => this.exclusively(disk, work),
      requests: () => this.requests,
      tell: (progress) => emit('disk.mirrored', progress),
      warn: (disk, message) => emit('disk.warned', { disk, message }),
    });
    this.handlers = { ...new DiskJobs(emit).handlers, ...mirrors.handlers, ...this.diskCalls };
  }

  private readonly diskCalls: Handlers<
    Omit<DiskServiceCalls, keyof DiskJobCalls | keyof DiskMirrorCalls>
  > = {
    'disk.open': (params) => this.open(params),
    'disk.close': async ({ disk, isPatient }) => {
      const served = this.named(disk);
      await this.exclusively(disk, async () => {
        try {
          await served.close(isPatient);
        } finally {
          this.disks.delete(disk);
        }
      });
    },
    'disk.handOver': async ({ disk, ring, doorbell }) => {
      const served = this.named(disk);
      requireRing(ring);
      await this.exclusively(disk, async () => {
        const image = await served.release();
        this.disks.set(disk, this.serve(disk, image, ring, doorbell));
      });
    },
    'disk.switch': async ({ disk, source }) => {
      const served = this.named(disk);
      const warn = (message: string): void => this.emit('disk.warned', { disk, message });
      const { readOnly } = served.image;
      await this.exclusively(disk, () => served.switchTo(() => openDisk(source, readOnly, warn)));
    },
    'disk.resize': async ({ disk, bytes }) => {
      const served = this.named(disk);
      return this.exclusively(disk, async () => {
        await served.resize(bytes);
        return { bytes: served.image.bytes };
      });
    },
  };

  private async open(params: OpenDisk): Promise<OpenedDisk> {
    const { disk, source, readOnly, ring } = params;
    if (this.disks.has(disk)) throw new DomusError('disk.in-use', `disk "${disk}" is open already`);
    requireRing(ring);
    return this.exclusively(disk, async () => {
      const warn = (message: string): void => this.emit('disk.warned', { disk, message });
      const image = await openDisk(source, readOnly, warn);
      this.disks.set(disk, this.serve(disk, image, ring, params.doorbell));
      return { bytes: image.bytes, readOnly: image.readOnly, discardBytes: image.discardBytes };
    });
  }

  private serve(
    disk: string,
    image: DiskImage,
    ring: SharedArrayBuffer,
    doorbell: SharedArrayBuffer,
  ): ServedDisk {
    return new ServedDisk(image, new DiskRingServer(ring), new Doorbell(doorbell), {
      onFailed: (error) => this.emit('disk.failed', { disk, error: error.toJSON() }),
      onBroken: () => this.emit('disk.broken', { disk }),
    });
  }

  /** Of all disks, ever; a disk that goes away takes its own along. */
  private get requests(): number {
    let sum = 0;
    for (const { requests } of this.disks.values()) sum += requests;
    return sum;
  }

  private named(disk: string): ServedDisk {
    const served = this.disks.get(disk);
    if (!served) throw new DomusError('disk.not-open', `disk "${disk}" is not open`);
    return served;
  }

  private async exclusively<T>(disk: string, work: () => Promise<T>): Promise<T> {
    if (this.busy.has(disk)) {
      throw new DomusError('disk.busy', `disk "${disk}" is being opened, resized or closed`);
    }
    this.busy.add(disk);
    try {
      return await work();
    } finally {
      this.busy.delete(disk);
    }
  }
}

function requireRing(ring: SharedArrayBuffer): void {
  if (!isDiskRing(ring)) throw new RangeError('the ring of a disk was not made by createDiskRing');
}
