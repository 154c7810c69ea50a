/** Xen public/io/console.h: the PV console's page. */
import { bytes, u32 } from '../field-types.ts';
import { struct } from '../struct.ts';

/** Bytes of each ring. */
export const ConsoleRingSize = { in: 1024, out: 2048 } as const;

/**
 * Indices run freely, position = index mod size. prod is published after the bytes. A guest whose
 * `out` is full spins in SCHEDOP_yield until it is drained.
 */
export const ConsoleRing = struct('xencons_interface', 3088, {
  in: [0, bytes(ConsoleRingSize.in)], // host to guest
  out: [1024, bytes(ConsoleRingSize.out)], // guest to host
  inCons: [3072, u32], // written by the guest
  inProd: [3076, u32], // written by the host
  outCons: [3080, u32], // written by the host
  outProd: [3084, u32], // written by the guest
});
