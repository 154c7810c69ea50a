/** Programs for guests that speak UDP: an echo, one that writes to memory and tells, one that floods. */
import { I386Program, MEMORY } from './i386-program.ts';

/** In the program's memory: its own address, the other's, that one's length, a count, and data. */
const OWN = MEMORY;
const PEER = MEMORY + 16;
const PEER_BYTES = MEMORY + 32;
const COUNT = MEMORY + 36;
const DATA = MEMORY + 0x1000;
const DATAGRAM_BYTES = 2048;
const ADDRESS_BYTES = 16;
const AF_INET = 2;
const SOCK_DGRAM = 2;

function networkOrder(port: number): number {
  return ((port & 0xff) << 8) | (port >> 8);
}

/** `socket`, `bind` to all addresses; the descriptor stays in ebx. */
function listen(port: number): I386Program {
  return new I386Program()
    .store(OWN, AF_INET | (networkOrder(port) << 16))
    .set({ ebx: AF_INET, ecx: SOCK_DGRAM, edx: 0 })
    .call('socket')
    .copy('ebx', 'eax')
    .set({ ecx: OWN, edx: ADDRESS_BYTES })
    .call('bind');
}

/** Sends datagrams of so many bytes without end, to an address that need not want them. */
export function floodProgram(address: string, port: number, bytes: number): Buffer {
  const inNetworkOrder = address
    .split('.')
    .map(Number)
    .reduceRight((word, byte) => word * 256 + byte, 0);
  const program = listen(0)
    .store(PEER, AF_INET | (networkOrder(port) << 16))
    .store(PEER + 4, inNetworkOrder)
    .set({ edx: bytes });
  const again = program.here;
  return answer(program, DATA)
    .jump(again)
    .file(0x1000 + bytes);
}

/** Waits for a datagram; its length is in eax, who sent it in `PEER`. */
function receive(program: I386Program): I386Program {
  return program
    .store(PEER_BYTES, ADDRESS_BYTES)
    .set({ ecx: DATA, edx: DATAGRAM_BYTES, esi: 0, edi: PEER, ebp: PEER_BYTES })
    .call('recvfrom');
}

/** Sends what is at `from`, as many bytes as edx says, to `PEER`. */
function answer(program: I386Program, from: number): I386Program {
  return program.set({ ecx: from, esi: 0, edi: PEER, ebp: ADDRESS_BYTES }).call('sendto');
}

/** Sends every datagram back to whom it came from. */
export function echoProgram(port: number): Buffer {
  const program = listen(port);
  const again = program.here;
  receive(program).ifNegative(again).copy('edx', 'eax');
  return answer(program, DATA)
    .jump(again)
    .file(0x1000 + DATAGRAM_BYTES);
}

/**
 * From the first datagram on, fills its memory without end, each time with another number, and tells
 * whoever sent the datagram that number, 4 bytes, after each of its `parts`.
 */
export function writerProgram(port: number, bytes: number, parts: number): Buffer {
  const program = listen(port);
  const asked = program.here;
  receive(program).ifNegative(asked);
  const again = program.here;
  program.increment(COUNT);
  for (let part = 0; part < parts; part++) {
    const partBytes = bytes / parts;
    program
      .load(COUNT)
      .set({ ecx: partBytes / 4, edi: DATA + part * partBytes })
      .fill()
      .set({ edx: 4 });
    answer(program, COUNT);
  }
  return program.jump(again).file(0x1000 + bytes);
}
