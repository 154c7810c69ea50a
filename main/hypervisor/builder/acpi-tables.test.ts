import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlacedTable } from './acpi-tables.ts';
import { acpiTables } from './acpi-tables.ts';
import { FIRMWARE_START, memoryLayout } from './memory-layout.ts';

const layout = memoryLayout(128 * 1024);
const tables = acpiTables(layout, FIRMWARE_START);

const signature = ({ bytes }: PlacedTable): string =>
  Buffer.from(bytes.subarray(0, 4)).toString('latin1');
const find = (name: string): PlacedTable => tables.find((table) => signature(table) === name)!;
const view = ({ bytes }: PlacedTable): DataView => new DataView(bytes.buffer);
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

describe('the ACPI tables', () => {
  it('each have a checksum over a length that is theirs', () => {
    for (const name of ['RSDT', 'FACP', 'APIC', 'DSDT']) {
      const table = find(name);
      expect(view(table).getUint32(4, true), name).toBe(table.bytes.length);
      expect(sum(table.bytes), name).toBe(0);
    }
    expect(sum(tables[0]!.bytes.subarray(0, 20))).toBe(0);
  });

  it('lead from the first to all others', () => {
    const [rsdp] = tables;
    expect(rsdp!.address).toBe(FIRMWARE_START);
    expect(Buffer.from(rsdp!.bytes.subarray(0, 8)).toString('latin1')).toBe('RSD PTR ');
    const rsdt = find('RSDT');
    expect(view(rsdp!).getUint32(16, true)).toBe(rsdt.address);
    expect([36, 40].map((at) => view(rsdt).getUint32(at, true))).toEqual([
      find('FACP').address,
      find('APIC').address,
    ]);
    const fadt = view(find('FACP'));
    expect([36, 40].map((at) => fadt.getUint32(at, true))).toEqual([
      find('FACS').address,
      find('DSDT').address,
    ]);
  });

  it('lie in the firmware’s place, aligned and apart', () => {
    let end = 0;
    for (const { address, bytes } of tables) {
      expect(address % 16).toBe(0);
      expect(address).toBeGreaterThanOrEqual(end);
      end = address + bytes.length;
    }
    expect(find('FACS').address % 64).toBe(0);
    expect(end).toBeLessThan(0xf_0000);
  });
});

const hasIasl = spawnSync('iasl', ['-v']).error === undefined;

describe.skipIf(!hasIasl)(
  'the ACPI tables, as the compiler of Debian’s acpica-tools reads them',
  () => {
    let folder: string;
    const source = new Map<string, string>();
    const output = new Map<string, string>();
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'domus-acpi-'));
      for (const name of ['DSDT', 'FACP', 'APIC', 'FACS', 'RSDT']) {
        writeFileSync(join(folder, `${name}.aml`), find(name).bytes);
        const text = execFileSync('iasl', ['-d', `${name}.aml`], { cwd: folder, stdio: 'pipe' });
        output.set(name, text.toString());
        source.set(name, readFileSync(join(folder, `${name}.dsl`), 'utf8'));
      }
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('are disassembled without a complaint', () => {
      for (const [name, text] of [...output, ...source]) {
        expect(
          text.match(/^.*\b(error|warning|invalid|incorrect|unknown)\b.*$/im)?.[0],
          name,
        ).toBeUndefined();
      }
    });

    it('compile again, without errors or warnings', () => {
      writeFileSync(join(folder, 'again.dsl'), source.get('DSDT')!);
      const result = spawnSync('iasl', ['-p', 'again', 'again.dsl'], { cwd: folder });
      const text = result.stdout.toString() + result.stderr.toString();
      expect(text).toMatch(/\b0 Errors, 0 Warnings/);
      expect(result.status).toBe(0);
    });

    it('have the host bridge with its windows, the generation id, and power-off', () => {
      const dsdt = source.get('DSDT')!;
      expect(dsdt).toMatch(/Device \(PCI0\)/);
      expect(dsdt).toMatch(/_HID, EisaId \("PNP0A03"\)/);
      expect(dsdt).toContain(`0x${layout.bar1.toString(16).padStart(8, '0').toUpperCase()},`);
      expect(dsdt).toMatch(/Device \(VGEN\)/);
      expect(dsdt).toMatch(/_CID, "VM_Gen_Counter"/);
      expect(dsdt).toContain(
        `0x${(layout.generationIdGfn * 4096).toString(16).padStart(8, '0').toUpperCase()}`,
      );
      expect(dsdt).toMatch(/Method \(_E05, 0/);
      expect(dsdt).toMatch(/Notify \(\\_SB\.VGEN, 0x80\)/);
      expect(dsdt).toMatch(/Name \(\\?_S5, Package/);
    });

    it('route each pin of each slot', () => {
      expect(source.get('DSDT')!.match(/Package \(0x04\)\s*\{\s*0x000[1-9A-F]FFFF/g)).toHaveLength(
        15 * 4,
      );
    });

    it('have one processor, an I/O APIC, and the system control interrupt as a level', () => {
      const madt = source.get('APIC')!;
      expect(madt.match(/Subtable Type : 00 \[Processor Local APIC\]/g)).toHaveLength(1);
      expect(madt).toMatch(/\[I\/O APIC\]/);
      expect(madt).toMatch(/Trigger Mode : 3/);
    });
  },
);

if (!hasIasl) {
  it.skip('the ACPI tables are not disassembled: install the Debian package acpica-tools', () => {});
}
