/** Disks of the synthetic site's domains. */
import type { Disk, Domain, NewDisk, Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { SyntheticSite } from './site.ts';
import { volumeForDisk } from './storage.ts';
import { startTask } from './tasks.ts';

const MIB = 2 ** 20;
const PLUG_MS = 600;
const PLACES = 'abcdefghijklmnop';

export function attachDisk(site: SyntheticSite, domain: Domain, asked: NewDisk): Task {
  const disk = newDisk(site, domain, asked);
  return startTask(site, {
    kind: 'disk-attach',
    title: `Attaching ${disk.name} to ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: PLUG_MS,
    finish: () => {
      const last = site.domain(domain.uuid);
      site.update(last, { disks: [...last.disks, disk] });
      return { title: `Attached ${disk.name} to ${domain.name}` };
    },
  });
}

/** A guest that runs does not let go of the disk that it runs from. */
export function detachDisk(site: SyntheticSite, domain: Domain, name: string): Task {
  findDisk(domain, name);
  return startTask(site, {
    kind: 'disk-detach',
    title: `Detaching ${name} from ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: PLUG_MS,
    detail: () => 'asking the guest to let go of it',
    step: (done) => {
      if (domain.domid === null || name !== 'xvda' || done < 0.8) return;
      throw new DomusError(
        'disk.guest-holds-it',
        `The guest of ${domain.name} did not let go of ${name}: something in it uses the disk. Unmount it there, or shut the domain down first.`,
      );
    },
    finish: () => {
      const last = site.domain(domain.uuid);
      site.update(last, { disks: last.disks.filter((disk) => disk.name !== name) });
      return { title: `Detached ${name} from ${domain.name}` };
    },
  });
}

export function moveDisk(site: SyntheticSite, domain: Domain, name: string, pool: string): Task {
  const { source } = findDisk(domain, name);
  const to = `${pool}/${source.split('/').at(-1)}`;
  return startTask(site, {
    kind: 'disk-move',
    title: `Moving ${name} of ${domain.name} to pool ${pool}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: 4 * PLUG_MS,
    finish: () => {
      const last = site.domain(domain.uuid);
      const disks = last.disks.map((disk) => (disk.name === name ? { ...disk, source: to } : disk));
      site.update(last, { disks });
      return { title: `Moved ${name} of ${domain.name} to ${to}` };
    },
  });
}

export function resizeDisk(
  site: SyntheticSite,
  domain: Domain,
  name: string,
  sizeMiB: number,
): Domain {
  const bytes = sizeMiB * MIB;
  if (bytes < (findDisk(domain, name).bytes ?? 0)) {
    throw new DomusError('disk.not-larger', `${name} is larger than ${sizeMiB} MiB already.`);
  }
  const disks = domain.disks.map((disk) => (disk.name === name ? { ...disk, bytes } : disk));
  return site.update(domain, { disks });
}

/** For a domain that may not be there yet. */
export function newDisk(
  site: SyntheticSite,
  domain: Pick<Domain, 'name' | 'disks'>,
  asked: NewDisk,
): Disk {
  const taken = new Set(domain.disks.map((disk) => disk.name));
  const place = [...PLACES].find((letter) => !taken.has(`xvd${letter}`));
  const name = asked.name ?? `xvd${place}`;
  if (taken.has(name)) {
    throw new DomusError(
      'disk.name-taken',
      `Domain ${domain.name} has a disk ${name} already. Choose another name, or leave it out.`,
    );
  }
  if (asked.source.startsWith('/') && !asked.source.startsWith('/srv/')) {
    throw new DomusError(
      'disk.no-file',
      `There is no ${asked.source}. Check the path; a size makes a new file, in a folder that is there.`,
    );
  }
  const volume = volumeForDisk(site, asked.source, asked);
  return {
    name,
    source: asked.source,
    format: asked.format ?? volume?.format ?? 'raw',
    readOnly: asked.readOnly ?? false,
    discard: asked.discard ?? true,
    onError: asked.onError ?? 'pause',
    bytes: volume?.bytes ?? (asked.sizeMiB ?? 64) * MIB,
  };
}

function findDisk(domain: Domain, name: string): Disk {
  const disk = domain.disks.find((one) => one.name === name);
  if (disk !== undefined) return disk;
  throw new DomusError('disk.not-attached', `Domain ${domain.name} has no disk ${name}.`);
}
