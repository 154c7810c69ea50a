/** Xen public/features.h: what xen_version(get_features) tells. */
import { namesOf, type ConstantOf } from './constants.ts';

/** `XENFEAT_*`: bit numbers of submap 0. */
export const Feature = {
  writablePageTables: 0,
  writableDescriptorTables: 1,
  autoTranslatedPhysmap: 2,
  supervisorModeKernel: 3,
  paePgdirAbove4gb: 4,
  mmuPtUpdatePreserveAd: 5,
  highmemAssist: 6,
  gnttabMapAvailBits: 7,
  hvmCallbackVector: 8,
  hvmSafePvclock: 9,
  hvmPirqs: 10,
  dom0: 11,
  memoryOpVnodeSupported: 13,
  armSmcccSupported: 14,
  linuxRsdpUnrestricted: 15,
  notDirectMapped: 16,
  directMapped: 17,
} as const;
export type Feature = ConstantOf<typeof Feature>;
export const featureName = namesOf(Feature);

/** Submaps that hold features; a guest asks for 0 to this minus one. */
export const NR_FEATURE_SUBMAPS = 1;

/** The submap with the given bits set. */
export const featureMask = (...features: readonly Feature[]): number =>
  features.reduce<number>((mask, bit) => mask | (1 << bit), 0) >>> 0;
