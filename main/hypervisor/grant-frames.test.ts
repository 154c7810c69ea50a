import { beforeEach, describe, expect, it } from 'vitest';
import { GrantFlag, GrantStatus, ReservedGrant } from './abi/index.ts';
import type { GrantMapping } from './grant-frames.ts';
import { Machine } from './testing/machine.ts';

const PAGE = 4096;

describe('a granted frame', () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await Machine.create();
    machine.domain.grants.place(0, machine.domain.layout.bar1 / PAGE);
  });
  const grant = (ref: number, flags: number, domid: number, gfn: number): void => {
    const at = machine.domain.layout.bar1 + ref * 8;
    machine.setWord(at, flags | (domid << 16));
    machine.setWord(at + 4, gfn);
  };
  const lookup = (ref: number, domain = 0) => machine.domain.grants.lookup(ref, domain);

  it('is found by domain 0 when it was granted to it', () => {
    grant(8, GrantFlag.permitAccess, 0, 5);
    expect(lookup(8)).toEqual({ gfn: 5, readOnly: false });
    grant(8, GrantFlag.permitAccess | GrantFlag.readonly, 0, 5);
    expect(lookup(8)).toEqual({ gfn: 5, readOnly: true });
  });

  it('has the console and the store seeded by the builder', () => {
    const { layout } = machine.domain;
    expect(lookup(ReservedGrant.console)).toEqual({ gfn: layout.consoleGfn, readOnly: false });
    expect(lookup(ReservedGrant.xenstore)).toEqual({ gfn: layout.xenstoreGfn, readOnly: false });
  });

  it('is none: of another type, for another domain, beyond the memory', () => {
    grant(8, GrantFlag.transitive, 0, 5);
    expect(lookup(8)).toBe(GrantStatus.badGntref);
    grant(8, GrantFlag.acceptTransfer, 0, 5);
    expect(lookup(8)).toBe(GrantStatus.badGntref);
    grant(8, GrantFlag.permitAccess, 3, 5);
    expect(lookup(8)).toBe(GrantStatus.permissionDenied);
    expect(lookup(8, 3)).toEqual({ gfn: 5, readOnly: false });
    for (const gfn of [2048, 0x1000, 0xffff_ffff]) {
      grant(8, GrantFlag.permitAccess, 0, gfn);
      expect(lookup(8)).toBe(GrantStatus.badPage);
    }
  });

  it('is none for references that do not exist', () => {
    for (const ref of [512, 32_767, 32_768, 0xffff_ffff, 9_999_999_999, -1, Number.NaN, 0.5]) {
      expect(lookup(ref)).toBe(GrantStatus.badGntref);
    }
  });

  it('is counted while it is granted', () => {
    expect(machine.domain.grants.inUse()).toBe(2);
    grant(8, GrantFlag.permitAccess, 0, 5);
    expect(machine.domain.grants.inUse()).toBe(3);
    grant(8, 0, 0, 5);
    expect(machine.domain.grants.inUse()).toBe(2);
  });

  it('says in its entry that it is mapped, and for what, until the last mapping is gone', () => {
    grant(8, GrantFlag.permitAccess, 0, 5);
    const { grants, layout } = machine.domain;
    const flags = (): number => machine.word(layout.bar1 + 64) & 0xffff;
    const map = (writable: boolean) => grants.map(8, 0, writable) as GrantMapping;
    const [reader, writer, other] = [map(false), map(true), map(true)];
    expect(writer).toEqual({ ref: 8, gfn: 5, writable: true });
    const { permitAccess, reading, writing } = GrantFlag;
    expect(flags()).toBe(permitAccess | reading | writing);
    grants.unmap(writer);
    expect(flags()).toBe(permitAccess | reading | writing);
    grants.unmap(other);
    expect(flags()).toBe(permitAccess | reading);
    grants.unmap(reader);
    expect(flags()).toBe(permitAccess);
  });

  it('is not mapped for writing when it is read-only, nor where there is no memory', () => {
    const { grants, physmap } = machine.domain;
    grant(8, GrantFlag.permitAccess | GrantFlag.readonly, 0, 5);
    expect(grants.map(8, 0, true)).toBe(GrantStatus.permissionDenied);
    expect(grants.map(8, 0, false)).toMatchObject({ gfn: 5 });
    grant(9, GrantFlag.permitAccess, 0, 6);
    physmap.release(6);
    expect(grants.map(9, 0, false)).toBe(GrantStatus.badPage);
    expect(grants.map(9, 1, false)).toBe(GrantStatus.permissionDenied);
  });

  it('is taken out of a saved state only where it can be', () => {
    const { bar1 } = machine.domain.layout;
    const { grants } = machine.domain;
    for (const address of [0, bar1 - PAGE, bar1 + 64 * PAGE, bar1 + 64 * PAGE - 8, bar1 + 4]) {
      expect(() => grants.restore([address])).toThrow(RangeError);
    }
    grants.restore([null, bar1]);
    expect(grants.save().slice(0, 2)).toEqual([null, bar1]);
  });
});
