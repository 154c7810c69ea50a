/**
 * A guest that minds its own business: round after round it fills a block with numbers that follow
 * from the round, and prints round and CRC-32 of the block on its console.
 */
import { crc32 } from 'node:zlib';
import { ConsoleRing, ConsoleRingSize, EventChannelOp, Hypercall, SchedOp } from '../abi/index.ts';
import type { KernelImage } from '../builder/build.ts';
import type { MemoryLayout } from '../builder/memory-layout.ts';
import type { Assembler } from './assembler.ts';
import { Place, Variable } from './places.ts';
import { tinyGuest } from './tiny-guest.ts';

const BLOCK = Place.free;
const BLOCK_WORDS = 4096;
const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;
const CRC_POLYNOMIAL = 0xedb8_8320;

const CONSOLE_PORT = 2;

const ROUND = Variable.results;
const CRC = Variable.results + 4;

/** What the guest prints for a round: both numbers in hexadecimal, eight digits each. */
export function checksumLine(round: number): string {
  const block = new Uint32Array(BLOCK_WORDS);
  let x = round;
  for (let index = 0; index < BLOCK_WORDS; index++) {
    x = (Math.imul(x, MULTIPLIER) + INCREMENT) >>> 0;
    block[index] = x;
  }
  const hex = (value: number): string => value.toString(16).padStart(8, '0');
  return `${hex(round)} ${hex(crc32(new Uint8Array(block.buffer)))}`;
}

export function checksumGuest(layout: MemoryLayout): KernelImage {
  const ring = layout.consoleGfn * 4096;
  return tinyGuest((asm) => {
    asm.storeValue(ROUND, 0).label('round');
    fillAndSum(asm);
    asm.load('ebx', ROUND).call('hex').mov('eax', 0x20).call('put');
    asm.load('ebx', CRC).call('hex').mov('eax', 0x0a).call('put');
    asm.storeValue(Place.arguments, CONSOLE_PORT);
    asm.mov('eax', Hypercall.eventChannelOp).mov('ebx', EventChannelOp.send);
    asm.mov('ecx', Place.arguments).vmcall();
    asm.increment(ROUND).jump('round');
    output(asm, ring);
  });
}

function fillAndSum(asm: Assembler): void {
  asm.load('eax', ROUND).mov('edi', BLOCK).mov('ecx', BLOCK_WORDS).label('fill');
  asm.multiply('eax', MULTIPLIER).opValue('add', 'eax', INCREMENT).storeAt('edi', 0, 'eax');
  asm.opValue('add', 'edi', 4).opValue('sub', 'ecx', 1).jumpIf('notZero', 'fill');

  asm
    .mov('eax', 0xffff_ffff)
    .mov('esi', BLOCK)
    .mov('ecx', BLOCK_WORDS * 4)
    .label('byte');
  asm.loadByteAt('edx', 'esi').op('xor', 'eax', 'edx').mov('edx', 8).label('bit');
  asm.shiftRight('eax', 1).jumpIf('notBelow', 'even').opValue('xor', 'eax', CRC_POLYNOMIAL);
  asm.label('even').opValue('sub', 'edx', 1).jumpIf('notZero', 'bit');
  asm.opValue('add', 'esi', 1).opValue('sub', 'ecx', 1).jumpIf('notZero', 'byte');
  asm.opValue('xor', 'eax', 0xffff_ffff).store(CRC, 'eax');
}

function output(asm: Assembler, ring: number): void {
  const { out, outCons, outProd } = ConsoleRing.offset;
  // EBX as eight digits.
  asm.label('hex').mov('ecx', 8).label('digit');
  asm.copy('eax', 'ebx').shiftRight('eax', 28).opValue('cmp', 'eax', 10).jumpIf('below', 'decimal');
  asm
    .opValue('add', 'eax', 0x61 - 10 - 0x30)
    .label('decimal')
    .opValue('add', 'eax', 0x30);
  asm.call('put').shiftLeft('ebx', 4);
  asm.opValue('sub', 'ecx', 1).jumpIf('notZero', 'digit').ret();
  // The byte in EAX; a full ring is waited for as Linux does, by yielding.
  asm
    .label('put')
    .pushAll()
    .label('full')
    .load('edx', ring + outProd)
    .copy('esi', 'edx');
  asm
    .load('edi', ring + outCons)
    .op('sub', 'esi', 'edi')
    .opValue('cmp', 'esi', ConsoleRingSize.out);
  asm.jumpIf('below', 'room').push('eax').mov('eax', Hypercall.schedOp).mov('ebx', SchedOp.yield);
  asm.vmcall().pop('eax').jump('full');
  asm
    .label('room')
    .copy('esi', 'edx')
    .opValue('and', 'esi', ConsoleRingSize.out - 1);
  asm.db(0x88, 0x86).dd(ring + out); // mov [esi + ring + out], al
  asm
    .opValue('add', 'edx', 1)
    .store(ring + outProd, 'edx')
    .popAll()
    .ret();
}
