/**
 * The ACPI tables of a domain: RSDP, RSDT, FADT, FACS, MADT and a DSDT with the PCI host bridge, the
 * power-off state, and the generation id device that tells a clone's kernel to reseed its random
 * numbers (ACPI 6.4, chapters 5 and 19; Microsoft's "Virtual Machine Generation ID").
 */
import * as aml from './aml.ts';
import type { MemoryLayout } from './memory-layout.ts';

/** Ports of the emulated PC's power management block and general-purpose events. */
export const AcpiPort = {
  pm1Event: 0xb000,
  pm1Control: 0xb004,
  pmTimer: 0xb008,
  /** Two status bytes, two enable bytes. */
  gpe0: 0xafe0,
  reset: 0xcf9,
} as const;

/** System control interrupt: ISA line 9, level triggered, active high. */
export const SCI_IRQ = 9;
/** The general-purpose event behind which the generation id changed. */
export const GENERATION_ID_GPE = 5;
/** SLP_TYP of soft-off. */
export const SLEEP_TYPE_OFF = 5;

const LOCAL_APIC = 0xfee00000;
const IO_APIC = 0xfec00000;
const NOTIFY_CHANGED = 0x80;

class TableWriter {
  private readonly bytes: number[] = [];

  u8(...values: number[]): this {
    this.bytes.push(...values.map((value) => value & 0xff));
    return this;
  }
  u16(value: number): this {
    return this.u8(value, value >> 8);
  }
  u32(value: number): this {
    return this.u8(value, value >> 8, value >> 16, value >> 24);
  }
  text(value: string, length: number): this {
    return this.u8(...Array.from({ length }, (_, at) => value.charCodeAt(at) || 0x20));
  }
  zeros(count: number): this {
    return this.u8(...new Array<number>(count).fill(0));
  }
  get length(): number {
    return this.bytes.length;
  }
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.bytes);
  }
}

/** A system description table: the common header, and a checksum that makes all bytes sum to 0. */
function table(signature: string, revision: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new TableWriter()
    .text(signature, 4)
    .u32(36 + body.length)
    .u8(revision, 0)
    .text('DOMUS', 6)
    .text('DOMUSHVM', 8)
    .u32(1)
    .text('DOMS', 4)
    .u32(1)
    .finish();
  const out = new Uint8Array(36 + body.length);
  out.set(header);
  out.set(body, 36);
  out[9] = checksum(out);
  return out;
}

function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

export function dsdtBody(layout: MemoryLayout): Uint8Array<ArrayBuffer> {
  const generationId = layout.generationIdGfn * 4096;
  return Uint8Array.from([
    ...aml.name('\\_S5', aml.packageOf(...[SLEEP_TYPE_OFF, SLEEP_TYPE_OFF, 0, 0].map(aml.integer))),
    ...aml.scope(
      '\\_SB',
      aml.device(
        'PCI0',
        aml.name('_HID', aml.eisaId('PNP0A03')),
        aml.name('_UID', aml.integer(0)),
        aml.resources(
          aml.busWindow(0, 0xff),
          aml.ioPorts(0xcf8, 8),
          aml.ioWindow(0x0000, 0x0cf7),
          aml.ioWindow(0x0d00, 0xffff),
          aml.memoryWindow(0xa0000, 0xbffff),
          aml.memoryWindow(layout.bar1, layout.bar1 + layout.bar1Bytes - 1),
          aml.memoryWindow(0xe0000000, 0xfebfffff),
        ),
        aml.name('_PRT', interruptRouting()),
      ),
      aml.device(
        'VGEN',
        aml.name('_HID', aml.string('DOMS0001')),
        aml.name('_CID', aml.string('VM_Gen_Counter')),
        aml.name('_DDN', aml.string('VM_Gen_Counter')),
        aml.name('ADDR', aml.packageOf(aml.integer(generationId), aml.integer(0))),
      ),
    ),
    ...aml.scope(
      '\\_GPE',
      aml.method(`_E0${GENERATION_ID_GPE}`, aml.notify('\\_SB.VGEN', NOTIFY_CHANGED)),
    ),
  ]);
}

/** Every pin of every slot to ISA lines 10 and 11, as the emulated PIIX3 routes them. */
function interruptRouting(): aml.Aml {
  const entries: aml.Aml[] = [];
  for (let slot = 1; slot < 16; slot++) {
    for (let pin = 0; pin < 4; pin++) {
      const line = (pin + slot - 1) % 2 === 0 ? 10 : 11;
      entries.push(
        aml.packageOf(
          aml.integer(slot * 0x10000 + 0xffff),
          aml.integer(pin),
          aml.integer(0),
          aml.integer(line),
        ),
      );
    }
  }
  return aml.packageOf(...entries);
}

function fadtBody(facs: number, dsdt: number): Uint8Array {
  const flags = {
    writeBackInvalidate: 1 << 0,
    c1: 1 << 2,
    powerButtonIsControlMethod: 1 << 4,
    sleepButtonIsControlMethod: 1 << 5,
    resetRegister: 1 << 10,
  };
  const genericAddress = (port: number, bits: number): number[] => [
    1, // system I/O
    bits,
    0,
    1, // byte access
    port & 0xff,
    port >> 8,
    ...[0, 0, 0, 0, 0, 0],
  ];
  return new TableWriter()
    .u32(facs)
    .u32(dsdt)
    .u8(0, 1) // model; preferred profile: desktop
    .u16(SCI_IRQ)
    .u32(0) // no SMI command port: ACPI mode is always on
    .u8(0, 0, 0, 0)
    .u32(AcpiPort.pm1Event)
    .u32(0)
    .u32(AcpiPort.pm1Control)
    .u32(0)
    .u32(0)
    .u32(AcpiPort.pmTimer)
    .u32(AcpiPort.gpe0)
    .u32(0)
    .u8(4, 2, 0, 4, 4, 0, 0, 0) // lengths of PM1 event, PM1 control, PM2, PM timer, GPE0, GPE1
    .u16(0xfff) // C2 and C3 not supported
    .u16(0xfff)
    .u16(0)
    .u16(0)
    .u8(0, 0, 0, 0, 0x32) // day and month alarm; century register of the RTC
    .u16(0x0003) // legacy devices, 8042
    .u8(0)
    .u32(
      flags.writeBackInvalidate |
        flags.c1 |
        flags.powerButtonIsControlMethod |
        flags.sleepButtonIsControlMethod |
        flags.resetRegister,
    )
    .u8(...genericAddress(AcpiPort.reset, 8))
    .u8(6, 0, 0, 1) // value that resets; FADT minor version
    .zeros(244 - 36 - 96)
    .finish();
}

function madtBody(): Uint8Array {
  return new TableWriter()
    .u32(LOCAL_APIC)
    .u32(1) // dual 8259s present
    .u8(0, 8, 0, 0) // processor 0 has local APIC 0
    .u32(1)
    .u8(1, 12, 0, 0) // I/O APIC 0
    .u32(IO_APIC)
    .u32(0)
    .u8(2, 10, 0, SCI_IRQ) // the SCI is level triggered, active high
    .u32(SCI_IRQ)
    .u16(0x000d)
    .finish();
}

export interface PlacedTable {
  address: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** All tables with their addresses, from `start` on (16-byte aligned); the RSDP comes first. */
export function acpiTables(layout: MemoryLayout, start: number): PlacedTable[] {
  let next = start + 64;
  const place = (bytes: Uint8Array<ArrayBuffer>, alignment = 16): PlacedTable => {
    const address = Math.ceil(next / alignment) * alignment;
    next = address + bytes.length;
    return { address, bytes };
  };
  const facs = place(new TableWriter().text('FACS', 4).u32(64).zeros(56).finish(), 64);
  const dsdt = place(table('DSDT', 1, dsdtBody(layout)));
  const fadt = place(table('FACP', 3, fadtBody(facs.address, dsdt.address)));
  const madt = place(table('APIC', 1, madtBody()));
  const pointers = new TableWriter().u32(fadt.address).u32(madt.address).finish();
  const rsdt = place(table('RSDT', 1, pointers));
  const rsdp = new TableWriter()
    .text('RSD PTR ', 8)
    .u8(0)
    .text('DOMUS', 6)
    .u8(0)
    .u32(rsdt.address)
    .finish();
  rsdp[8] = checksum(rsdp);
  return [{ address: start, bytes: rsdp }, facs, dsdt, fadt, madt, rsdt];
}
