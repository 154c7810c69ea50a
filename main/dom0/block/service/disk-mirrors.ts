/** Disks of an I/O worker that are copied while they are used, and the calls about that. */
import type { Handlers } from '../../../../shared/channel/channel.ts';
import { diskError } from '../disk-error.ts';
import { settled } from '../done.ts';
import { DiskMirror } from '../mirror/disk-mirror.ts';
import { openDisk } from '../open-disk.ts';
import type { DiskMirrorCalls, DiskServiceEvents, MirrorDisk } from './disk-service.contract.ts';
import type { ServedDisk } from './served-disk.ts';

const TELL_EVERY_MS = 200;

export interface DiskMirrorsParts {
  /** @throws DomusError `disk.not-open` */
  named(disk: string): ServedDisk;
  exclusively<T>(disk: string, work: () => Promise<T>): Promise<T>;
  /** Of all disks, ever. */
  requests(): number;
  tell(progress: DiskServiceEvents['disk.mirrored']): void;
  warn(disk: string, message: string): void;
}

export class DiskMirrors {
  private readonly parts: DiskMirrorsParts;
  private readonly mirrors = new WeakMap<ServedDisk, DiskMirror>();

  constructor(parts: DiskMirrorsParts) {
    this.parts = parts;
  }

  readonly handlers: Handlers<DiskMirrorCalls> = {
    'disk.mirror': (params) => this.parts.exclusively(params.disk, () => this.begin(params)),
    'disk.copyMirror': ({ disk }) => this.of(disk).run(),
    'disk.bindMirror': ({ disk }) => this.of(disk).image.bind(),
    'disk.unmirror': ({ disk, keep }) =>
      this.parts.exclusively(disk, async () => {
        const served = this.parts.named(disk);
        const mirror = this.of(disk);
        this.mirrors.delete(served);
        if (keep === 'copy') await this.keepCopy(disk, served, mirror);
        else await keepOriginal(served, mirror);
      }),
  };

  private of(disk: string): DiskMirror {
    const mirror = this.mirrors.get(this.parts.named(disk));
    if (mirror) return mirror;
    throw diskError('disk.bad-request', disk, 'it is not mirrored');
  }

  /** From here on what is written is marked; settles when what was asked before is done. */
  private async begin({ disk, to, bytesPerSecond }: MirrorDisk): Promise<void> {
    const served = this.parts.named(disk);
    if (this.mirrors.has(served)) throw diskError('disk.bad-request', disk, 'it is mirrored');
    const target = await openDisk({ kind: 'files', chain: [to] }, false);
    const { requests, tell } = this.parts;
    let seen = requests();
    let toldAtMs = -TELL_EVERY_MS;
    const mirror = new DiskMirror(served.image, target, {
      bytesPerSecond,
      wasBusy: () => seen !== (seen = requests()),
      onProgress: (progress) => {
        if (performance.now() - toldAtMs < TELL_EVERY_MS && progress.leftBytes > 0) return;
        toldAtMs = performance.now();
        tell({ ...progress, disk });
      },
    });
    this.mirrors.set(served, mirror);
    await served.replaceImage(mirror.image);
  }

  /** What the original fails to make stable is nobody's loss: the copy has all of it. */
  private async keepCopy(disk: string, served: ServedDisk, mirror: DiskMirror): Promise<void> {
    await served.replaceImage(mirror.image.target);
    await mirror.halt();
    await settled((done) => mirror.image.source.close(done)).catch((error: unknown) => {
      this.parts.warn(disk, `what it was copied from was not closed well: ${String(error)}`);
    });
  }
}

async function keepOriginal(served: ServedDisk, mirror: DiskMirror): Promise<void> {
  await served.replaceImage(mirror.image.source);
  await mirror.end();
}
