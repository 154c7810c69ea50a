/**
 * The PV console's page, hypervisor's side (Xen public/io/console.h): moves bytes between the
 * guest's page and queues. Indices are the guest's to write at any time, so each is read once and
 * checked; impossible ones break this console and nothing else.
 */
import { ConsoleRing as Layout, ConsoleRingSize } from '../../hypervisor/abi/index.ts';

const { inCons: IN_CONS, inProd: IN_PROD, outCons: OUT_CONS, outProd: OUT_PROD } = Layout.offset;

/** Where output goes and input comes from. */
export interface ConsolePeer {
  /** Takes output and returns how many bytes of it; they are valid during the call only. */
  takeOutput(bytes: Uint8Array): number;
  /** At most `limit` bytes of input; empty for none. */
  giveInput(limit: number): Uint8Array;
}

export interface ConsoleService {
  /** The guest's event channel must be notified. */
  notify: boolean;
  /** `blocked`: the guest has output that the peer did not take; `broken`: impossible indices. */
  state: 'idle' | 'blocked' | 'broken';
}

/** @param page the 4 KiB page in guest memory, valid during the call */
export function serviceConsoleRing(page: Uint8Array, peer: ConsolePeer): ConsoleService {
  const words = new DataView(page.buffer, page.byteOffset, page.length);
  const outCons = words.getUint32(OUT_CONS, true);
  const waiting = (words.getUint32(OUT_PROD, true) - outCons) >>> 0;
  const inProd = words.getUint32(IN_PROD, true);
  const unread = (inProd - words.getUint32(IN_CONS, true)) >>> 0;
  if (waiting > ConsoleRingSize.out || unread > ConsoleRingSize.in) {
    return { notify: false, state: 'broken' };
  }
  const taken = moveOutput(page, outCons, waiting, peer);
  if (taken > 0) words.setUint32(OUT_CONS, (outCons + taken) >>> 0, true);
  const given = moveInput(page, inProd, ConsoleRingSize.in - unread, peer);
  if (given > 0) words.setUint32(IN_PROD, (inProd + given) >>> 0, true);
  // A front end that found no room for what it had waits to be told that there is some.
  const waitsForRoom = taken > 0 && waiting > ConsoleRingSize.out / 2;
  return { notify: waitsForRoom || given > 0, state: taken < waiting ? 'blocked' : 'idle' };
}

function moveOutput(page: Uint8Array, from: number, count: number, peer: ConsolePeer): number {
  let moved = 0;
  while (moved < count) {
    const at = (from + moved) & (ConsoleRingSize.out - 1);
    const length = Math.min(count - moved, ConsoleRingSize.out - at);
    const start = Layout.offset.out + at;
    const taken = peer.takeOutput(page.subarray(start, start + length));
    moved += taken;
    if (taken < length) break;
  }
  return moved;
}

function moveInput(page: Uint8Array, to: number, room: number, peer: ConsolePeer): number {
  const bytes = room > 0 ? peer.giveInput(room) : new Uint8Array(0);
  bytes.forEach((byte, index) => {
    page[Layout.offset.in + ((to + index) & (ConsoleRingSize.in - 1))] = byte;
  });
  return bytes.length;
}
