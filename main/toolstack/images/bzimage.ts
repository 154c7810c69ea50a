/**
 * The setup header of a Linux kernel image, as far as booting it here needs.
 * Source: Linux, Documentation/arch/x86/boot.rst.
 */
export interface KernelHeader {
  /** Boot protocol, major * 256 + minor. */
  readonly protocol: number;
  /** What the kernel says of itself, for example `6.1.0-50-686-pae (debian-kernel@…) …`; may be empty. */
  readonly version: string;
}

export type KernelProblem =
  'not-a-kernel' | 'protocol-too-old' | 'not-loaded-high' | '64-bit' | 'truncated';

/** What of a kernel file has to be at hand to judge it: the largest setup part (64 sectors) and a bit. */
export const kernelHeadBytes = 65 * 512;

const bootFlag = 0xaa55;
const oldestProtocol = 0x0206;
const loadedHigh = 1 << 0;
const has64BitEntry = 1 << 0;

/**
 * Reads a bzImage's header from the first {@link kernelHeadBytes} of a file of `fileBytes`.
 * A 64-bit kernel is a problem: the emulated processor has no long mode.
 */
export function readKernelHeader(head: Buffer, fileBytes: number): KernelHeader | KernelProblem {
  if (head.length < 0x268 || head.readUInt16LE(0x1fe) !== bootFlag) return 'not-a-kernel';
  if (head.toString('latin1', 0x202, 0x206) !== 'HdrS') return 'not-a-kernel';
  const protocol = head.readUInt16LE(0x206);
  if (protocol < oldestProtocol) return 'protocol-too-old';
  if ((head.readUInt8(0x211) & loadedHigh) === 0) return 'not-loaded-high';
  if (protocol >= 0x020c && (head.readUInt16LE(0x236) & has64BitEntry) !== 0) return '64-bit';
  const setupSectors = head.readUInt8(0x1f1) || 4;
  const systemBytes = head.readUInt32LE(0x1f4) * 16;
  // The last paragraph need not be whole.
  if ((setupSectors + 1) * 512 + systemBytes - 15 > fileBytes) return 'truncated';
  return { protocol, version: versionText(head) };
}

function versionText(head: Buffer): string {
  const pointer = head.readUInt16LE(0x20e);
  if (pointer === 0) return '';
  const start = pointer + 0x200;
  const end = head.indexOf(0, start);
  return end < 0
    ? ''
    : head
        .toString('latin1', start, end)
        .replace(/[^ -~]/g, '?')
        .slice(0, 200);
}
