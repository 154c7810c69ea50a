/** The image that domains are made of, as files: the same ones boot the peers. */
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { ImageStore } from '../../toolstack/images/index.ts';
import type { BootFiles } from '../peers/machine.ts';
import type { Daemon } from './daemon.ts';

const onSerialPort = (commandLine: string): string =>
  commandLine.replace('console=hvc0', 'console=ttyS0');

/** Builds the default image where there is none. */
export async function bootFiles({ home }: Daemon): Promise<BootFiles> {
  const store = new ImageStore({
    directory: join(home.cache, 'images'),
    mirror: process.env['DOMUS_MIRROR'],
  });
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
