import { DomusError } from '../../../shared/errors.ts';
import { newestOf, type PackageRecord } from './debian/package.ts';

/** Goes up whenever the same packages and guest files would give another image. */
export const recipeVersion = 1;

const flavour = '686-pae';
const kernelPackage = new RegExp(`^linux-image-([0-9][0-9.]*-[0-9]+)-${flavour}$`);
const metaPackage = `linux-image-${flavour}`;

/** The packages of one image, and the kernel release its modules lie under. */
export interface PackageChoice {
  readonly kernel: PackageRecord;
  readonly busybox: PackageRecord;
  readonly firmware: PackageRecord;
}

export function isRecipePackage(name: string): boolean {
  return ['busybox-static', 'seabios', metaPackage].includes(name) || kernelPackage.test(name);
}

/**
 * Chooses the packages: the newest of each over all suites. The kernel is the one that
 * `linux-image-686-pae` stands for, or the one asked for: a Debian version (`6.1.176-1`), its upstream
 * part (`6.1.176`) or a release (`6.1.0-50-686-pae`, `6.1.0-50`).
 *
 * @throws DomusError `image.no-package`, `image.no-kernel` (with the kernels that there are).
 */
export function choosePackages(
  records: readonly PackageRecord[],
  kernelVersion?: string,
): PackageChoice {
  return {
    kernel:
      kernelVersion === undefined ? newestKernel(records) : askedKernel(records, kernelVersion),
    busybox: newest(records, 'busybox-static'),
    firmware: newest(records, 'seabios'),
  };
}

function newest(records: readonly PackageRecord[], name: string): PackageRecord {
  const record = newestOf(records, (candidate) => candidate.name === name);
  if (record !== undefined) return record;
  throw new DomusError(
    'image.no-package',
    `None of the Debian suites has the package ${name} for i386. Use another Debian mirror.`,
    { data: { package: name } },
  );
}

function newestKernel(records: readonly PackageRecord[]): PackageRecord {
  const meta = newest(records, metaPackage);
  const [, name, version] = /(linux-image-[^\s,]+) \(= ([^)]+)\)/.exec(meta.depends) ?? [];
  const kernel = records.find((record) => record.name === name && record.version === version);
  return kernel ?? noKernel(records, `that ${metaPackage} ${meta.version} stands for`);
}

function askedKernel(records: readonly PackageRecord[], asked: string): PackageRecord {
  const matches = ({ name, version }: PackageRecord): boolean => {
    const release = kernelPackage.exec(name)?.[1];
    return release !== undefined && isKernel(asked, `${release}-${flavour}`, version);
  };
  return newestOf(records, matches) ?? noKernel(records, asked);
}

/** Whether a kernel, by `uname -r` and Debian version, is the one asked for in any of the ways above. */
export function isKernel(asked: string, release: string, version: string): boolean {
  const upstream = version.replace(/-[^-]*$/, '');
  return [version, upstream, release, release.replace(`-${flavour}`, '')].includes(asked);
}

function noKernel(records: readonly PackageRecord[], asked: string): never {
  const kernels = records.filter(({ name }) => kernelPackage.test(name));
  const versions = [...new Set(kernels.map(({ version }) => version))];
  throw new DomusError(
    'image.no-kernel',
    `The Debian suites do not have the kernel ${asked}. They have ${versions.join(', ') || 'none'}.`,
    { data: { asked, available: versions } },
  );
}

/** Files of an image, beside its manifest. */
export type ImageFile = 'vmlinuz' | 'initrd.img' | 'seabios.bin' | 'vgabios.bin' | 'config';

/** The root disk, in an image that has one. */
export const DISK_FILE = 'root.qcow2';

export const firmwareFiles = {
  'seabios.bin': 'usr/share/seabios/bios-256k.bin',
  /** For the emulator without Xen: the benchmarks' other side has a VGA card. */
  'vgabios.bin': 'usr/share/seabios/vgabios-stdvga.bin',
} as const;
