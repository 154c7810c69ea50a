/** The image that domains are made of, as files: the same ones boot the peers. */
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { ImageStore } from '../../toolstack/images/index.ts';
import type { BootFiles } from '../peers/machine.ts';
import { peerInitrd } from '../peers/peer-initrd.ts';
import type { Daemon } from './daemon.ts';

const onSerialPort = (commandLine: string): string =>
  commandLine.replace('console=hvc0', 'console=ttyS0');

/** Builds the default image where there is none. */
export async function bootFiles({ home }: Daemon): Promise<BootFiles> {
  const mirror = process.env['DOMUS_MIRROR'];
  const store = new ImageStore({ directory: join(home.cache, 'images'), mirror });
  const image = await store.ensure();
  const path = (name: string): string => {
    const found = image.path(name);
    if (found) return found;
    throw new DomusError('bench.image', `the image ${image.manifest.id} has no file ${name}`);
  };
  return {
    kernel: path('vmlinuz'),
    initrd: path('initrd.img'),
    commandLine: `${onSerialPort(image.manifest.commandLine)} quiet`,
    bios: path('seabios.bin'),
    vgaBios: path('vgabios.bin'),
  };
}

/**
 * SeaBIOS's ACPI tables have Linux ask the chipset which PCI cards are pulled; v86 has no such ports,
 * so all bits read as set, and its disk and network card would be gone before they are used.
 */
const KEEP_CARDS = 'acpiphp.disable=1';

/** As {@link bootFiles}, with the drivers of the peers' disks and network cards. */
export async function peerBootFiles(daemon: Daemon): Promise<BootFiles> {
  const mirror = process.env['DOMUS_MIRROR'];
  const { cache } = daemon.home;
  const image = await new ImageStore({ directory: join(cache, 'images'), mirror }).ensure();
  const initrd = await peerInitrd(image, join(cache, 'bench'), mirror);
  const files = await bootFiles(daemon);
  return { ...files, initrd, commandLine: `${files.commandLine} ${KEEP_CARDS}` };
}
