import { describe, expect, it } from 'vitest';
import { blkifOpName } from './io/blkif.abi.ts';
import { errnoName } from './errno.ts';
import { Feature, featureMask } from './features.abi.ts';
import { hvmParamName } from './hvm-params.abi.ts';
import { hypercallName } from './xen.abi.ts';

describe('the names of constants', () => {
  it("are Xen's spelling", () => {
    expect(hypercallName(32)).toBe('event_channel_op');
    expect(hvmParamName(14)).toBe('acpi_s_state');
    expect(errnoName(38)).toBe('ENOSYS');
  });

  it('are given as unknown for a number without one', () => {
    expect(hypercallName(-1)).toBe('unknown (-1)');
    expect(blkifOpName(4)).toBe('unknown (4)');
  });
});

describe('a feature mask', () => {
  it('has the bits of its features', () => {
    expect(featureMask(Feature.autoTranslatedPhysmap, Feature.hvmCallbackVector)).toBe(0x104);
  });
});
