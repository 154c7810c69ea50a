/** Xen public/version.h: xen_version. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { chars, u32 } from './field-types.ts';
import { struct } from './struct.ts';

/** `XENVER_*`. */
export const VersionOp = {
  version: 0,
  extraversion: 1,
  compileInfo: 2,
  capabilities: 3,
  changeset: 4,
  platformParameters: 5,
  getFeatures: 6,
  pagesize: 7,
  guestHandle: 8,
  commandline: 9,
  buildId: 10,
} as const;
export type VersionOp = ConstantOf<typeof VersionOp>;
export const versionOpName = namesOf(VersionOp);

/** Sizes in bytes of the answers that are one array and no struct. */
export const VersionTextSize = {
  extraversion: 16,
  capabilities: 1024,
  changeset: 64,
  commandline: 1024,
  guestHandle: 16,
} as const;

/** What xen_version(version) returns. */
export const versionNumber = (major: number, minor: number): number => (major << 16) | minor;

export const CompileInfo = struct('xen_compile_info', 144, {
  compiler: [0, chars(64)], // out
  compileBy: [64, chars(16)], // out
  compileDomain: [80, chars(32)], // out
  compileDate: [112, chars(32)], // out
});

export const PlatformParameters = struct('xen_platform_parameters', 4, {
  virtStart: [0, u32], // out
});

export const FeatureInfo = struct('xen_feature_info', 8, {
  submapIdx: [0, u32], // in
  submap: [4, u32], // out
});

/** build_id's head: its bytes follow. Without an argument the call returns their number. */
export const BuildId = struct('xen_build_id', 4, {
  len: [0, u32], // in: room in bytes
});
