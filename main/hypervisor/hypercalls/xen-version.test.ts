import { beforeAll, describe, expect, it } from 'vitest';
import { CompileInfo, Errno, FeatureInfo, Hypercall, VersionOp } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';
import { XEN_MAJOR, XEN_MINOR } from '../xen-version.ts';

describe('xen_version', () => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await Caller.start();
  });
  const ask = (command: number): number =>
    caller.call(Hypercall.xenVersion, command, Place.arguments);
  const text = (): string => {
    const bytes = caller.machine.domain.memory.bytes.subarray(Place.arguments);
    return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1');
  };

  it('gives version and page size as numbers', () => {
    expect(ask(VersionOp.version)).toBe((XEN_MAJOR << 16) | XEN_MINOR);
    expect(ask(VersionOp.pagesize)).toBe(4096);
  });

  it('gives texts ended by a NUL', () => {
    expect(ask(VersionOp.extraversion)).toBe(0);
    expect(text()).toMatch(/^\./);
    expect(ask(VersionOp.capabilities)).toBe(0);
    expect(text().split(' ')).toContain(`hvm-${XEN_MAJOR}.${XEN_MINOR}-x86_32p`);
    expect(ask(VersionOp.changeset)).toBe(0);
    expect(text()).not.toBe('');
    const info = caller.callWith(Hypercall.xenVersion, VersionOp.compileInfo, CompileInfo, {});
    expect(info.result).toBe(0);
    expect(info.compiler).not.toBe('');
  });

  it('gives the UUID as 16 bytes in the order it is written', () => {
    expect(ask(VersionOp.guestHandle)).toBe(0);
    const bytes = caller.machine.domain.memory.bytes.slice(Place.arguments, Place.arguments + 16);
    expect(Buffer.from(bytes).toString('hex')).toBe('0123456789abcdef0123456789abcdef');
  });

  it('has the features of a translated guest with vector callbacks, in submap 0 only', () => {
    const features = (submapIdx: number) =>
      caller.callWith(Hypercall.xenVersion, VersionOp.getFeatures, FeatureInfo, { submapIdx });
    expect(features(0)).toMatchObject({ result: 0, submap: 0x12305 });
    expect(features(1).result).toBe(-Errno.EINVAL);
  });

  it('refuses the command line, has no build id, and knows nothing else', () => {
    expect(ask(VersionOp.commandline)).toBe(-Errno.EPERM);
    expect(ask(VersionOp.buildId)).toBe(-Errno.ENODATA);
    for (const command of [11, 999, -1]) expect(ask(command)).toBe(-Errno.ENOSYS);
  });
});
