import { describe, expect, it } from 'vitest';
import { PlatformPci, ShutdownReason, UnplugMask } from './abi/index.ts';
import type { Assembler } from './testing/assembler.ts';
import { Machine } from './testing/machine.ts';
import { Variable } from './testing/places.ts';
import { tinyGuest } from './testing/tiny-guest.ts';

const run = (body: (asm: Assembler) => void): Promise<Machine> => Machine.run(tinyGuest(body));
const result = (machine: Machine, index: number): number =>
  machine.word(Variable.results + index * 4);

/** Reads a port of each width, from EAX all ones. */
function read(asm: Assembler, port: number, width: 8 | 16 | 32, index: number): void {
  asm
    .mov('eax', 0)
    .mov('edx', port)
    .in(width)
    .store(Variable.results + index * 4, 'eax');
}
function write(asm: Assembler, port: number, width: 8 | 16 | 32, value: number): void {
  asm.mov('eax', value).mov('edx', port).out(width);
}
/** A 32-bit word of a PCI function's configuration. */
function config(asm: Assembler, slot: number, register: number, index: number): void {
  write(asm, 0xcf8, 32, (0x8000_0000 | (slot << 11) | register) >>> 0);
  read(asm, 0xcfc, 32, index);
}

describe('the platform device', () => {
  it('is a PCI function with ports, and prefetchable memory above the RAM', async () => {
    const machine = await run((asm) => {
      [0x00, 0x08, 0x10, 0x14, 0x2c].forEach((register, index) => config(asm, 2, register, index));
    });
    expect(result(machine, 0)).toBe((PlatformPci.deviceId << 16) | PlatformPci.vendorId);
    expect(result(machine, 1)).toBe(0xff800001);
    expect(result(machine, 2) & 1).toBe(1);
    const { bar1 } = machine.domain.layout;
    expect(result(machine, 3)).toBe(bar1 | 8);
    expect(bar1).toBeGreaterThanOrEqual(machine.domain.layout.ramBytes);
    expect(result(machine, 4)).toBe(0x0001_5853);
  });

  it('has BARs of 256 ports and 16 MiB', async () => {
    const machine = await run((asm) => {
      for (const [index, register] of [0x10, 0x14].entries()) {
        write(asm, 0xcf8, 32, (0x8000_0000 | (2 << 11) | register) >>> 0);
        write(asm, 0xcfc, 32, 0xffff_ffff);
        config(asm, 2, register, index);
      }
    });
    expect((~(result(machine, 0) & ~3) + 1) & 0xffff).toBe(PlatformPci.ioBarBytes);
    expect((~(result(machine, 1) & ~15) + 1) >>> 0).toBe(PlatformPci.memoryBarBytes);
  });

  it.each([8, 16, 32] as const)('is on a bus where %s bits to nobody go nowhere', async (width) => {
    const machine = await run((asm) => {
      write(asm, 0xcf8, 32, (0x8000_0000 | (21 << 11) | 0x10) >>> 0);
      write(asm, 0xcfc, width, 0xff);
      config(asm, 21, 0, 0);
      config(asm, 2, 0, 1);
    });
    expect(result(machine, 0)).toBe(0xffff_ffff);
    expect(result(machine, 1) & 0xffff).toBe(PlatformPci.vendorId);
  });

  it('follows the unplug protocol as Linux speaks it', async () => {
    const machine = await run((asm) => {
      read(asm, 0x10, 16, 0);
      read(asm, 0x12, 8, 1);
      write(asm, 0x12, 16, 3);
      write(asm, 0x10, 32, 1);
      read(asm, 0x10, 16, 2);
      write(asm, 0x10, 16, UnplugMask.allIdeDisks | UnplugMask.allNics);
    });
    expect([0, 1, 2].map((index) => result(machine, index))).toEqual([0x49d2, 1, 0x49d2]);
    expect(machine.log).toContain('info: PV drivers: linux, build 1');
    expect(machine.domain.save().hypervisor.platform).toEqual({
      flags: 0,
      product: 3,
      build: 1,
      unplugged: 3,
    });
  });

  it('keeps its flags, logs lines, and reads as all ones elsewhere', async () => {
    const machine = await run((asm) => {
      write(asm, 0x10, 8, 1);
      read(asm, 0x10, 8, 0);
      for (const char of 'hi\n') write(asm, 0x12, 8, char.charCodeAt(0));
      read(asm, 0x14, 8, 1);
    });
    expect(result(machine, 0)).toBe(1);
    expect(result(machine, 1)).toBe(0xff);
    expect(machine.log).toEqual(['info: guest: hi']);
  });
});

describe('a guest ends its life', () => {
  const POWER_OFF = (5 << 10) | (1 << 13);

  it.each<[string, (asm: Assembler) => void, number]>([
    ['by ACPI soft-off', (asm) => write(asm, 0xb004, 16, POWER_OFF), ShutdownReason.poweroff],
    [
      'by the reset register, as ACPI has it',
      (asm) => write(asm, 0xcf9, 8, 6),
      ShutdownReason.reboot,
    ],
    [
      'by port 0xCF9 in two steps',
      (asm) => (write(asm, 0xcf9, 8, 2), write(asm, 0xcf9, 8, 6)),
      ShutdownReason.reboot,
    ],
    ['by the keyboard controller', (asm) => write(asm, 0x64, 8, 0xfe), ShutdownReason.reboot],
  ])('%s', async (_how, body, reason) => {
    const machine = await run((asm) => {
      body(asm);
      asm.storeValue(Variable.results, 1);
    });
    expect(machine.ended?.reason).toBe(reason);
    // Not one instruction more.
    expect(result(machine, 0)).toBe(0);
  });

  it('not by other sleep states or a half reset', async () => {
    const machine = await run((asm) => {
      write(asm, 0xb004, 16, 5 << 10);
      write(asm, 0xb004, 16, (1 << 10) | (1 << 13));
      write(asm, 0xcf9, 8, 2);
      read(asm, 0xb004, 16, 0);
    });
    expect(machine.ended).toBeNull();
    // ACPI mode is always on, and what was written is read.
    expect(result(machine, 0)).toBe((1 << 10) | 1);
  });
});

describe('a new generation id', () => {
  it('sets its event, which the guest clears', async () => {
    const [status, enable] = [0xafe0, 0xafe2];
    const machine = await Machine.start(
      tinyGuest((asm) => {
        read(asm, status, 8, 0);
        write(asm, enable, 8, 0x20);
        write(asm, status, 8, 0x20);
        read(asm, status, 8, 1);
        read(asm, enable, 8, 2);
      }),
    );
    machine.domain.setGenerationId(Uint8Array.from({ length: 16 }, (_, index) => index));
    machine.runUntil(() => machine.finished);
    expect([0, 1, 2].map((index) => result(machine, index))).toEqual([0x20, 0, 0x20]);
    const at = machine.domain.layout.generationIdGfn * 4096;
    expect(machine.word(at)).toBe(0x03020100);
  });
});
