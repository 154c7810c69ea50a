/** Wraps 32-bit code as a kernel file that a Linux boot loader accepts (Documentation/x86/boot.rst). */
const SETUP_SECTORS = 1;
const SECTOR = 512;
/** Real kernels are larger, and the loader refuses what cannot be one. */
const LEAST_BYTES = 8192;

/** `code` is entered at 0x100000 in flat protected mode, interrupts off. */
export function bzImage(code: Uint8Array): Uint8Array<ArrayBuffer> {
  const setupBytes = (SETUP_SECTORS + 1) * SECTOR;
  const image = new Uint8Array(Math.max(LEAST_BYTES, setupBytes + code.length));
  const view = new DataView(image.buffer);
  view.setUint8(0x1f1, SETUP_SECTORS);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, 0x020c, true);
  view.setUint8(0x211, 1);
  view.setUint32(0x22c, 0x37ff_ffff, true);
  view.setUint32(0x238, 255, true);
  view.setUint32(0x260, code.length, true);
  image.set(code, setupBytes);
  return image;
}
