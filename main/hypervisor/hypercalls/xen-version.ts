/** xen_version (17): Xen public/version.h. */
import {
  CompileInfo,
  Errno,
  Feature,
  FeatureInfo,
  featureMask,
  GuestVirtualAddress,
  NR_FEATURE_SUBMAPS,
  PlatformParameters,
  VersionOp,
  VersionTextSize,
} from '../abi/index.ts';
import { PAGE_SIZE } from '../engine/page.ts';
import { XEN_EXTRAVERSION, XEN_MAJOR, XEN_MINOR, XEN_VERSION } from '../xen-version.ts';
import type { CallingDomain, CommandHandler, HypercallHandler } from './handler.ts';

const CAPABILITIES = `hvm-${XEN_MAJOR}.${XEN_MINOR}-x86_32 hvm-${XEN_MAJOR}.${XEN_MINOR}-x86_32p`;

const FEATURES = featureMask(
  Feature.writablePageTables,
  Feature.autoTranslatedPhysmap,
  Feature.hvmCallbackVector,
  Feature.hvmSafePvclock,
  Feature.memoryOpVnodeSupported,
  Feature.notDirectMapped,
);

const commands: Partial<Record<number, CommandHandler>> = {
  [VersionOp.version]: () => XEN_VERSION,
  [VersionOp.extraversion]: text(XEN_EXTRAVERSION, VersionTextSize.extraversion),
  [VersionOp.compileInfo]: (domain, at) =>
    done(
      domain.guest.write(CompileInfo, at, {
        compiler: 'TypeScript',
        compileBy: 'domus',
        compileDomain: 'domus',
        compileDate: '',
      }),
    ),
  [VersionOp.capabilities]: text(CAPABILITIES, VersionTextSize.capabilities),
  [VersionOp.changeset]: text('unavailable', VersionTextSize.changeset),
  [VersionOp.platformParameters]: (domain, at) =>
    done(domain.guest.write(PlatformParameters, at, { virtStart: 0 })),
  [VersionOp.getFeatures]: (domain, at) => {
    const op = domain.guest.read(FeatureInfo, at);
    if (!op) return -Errno.EFAULT;
    if (op.submapIdx >= NR_FEATURE_SUBMAPS) return -Errno.EINVAL;
    return done(domain.guest.write(FeatureInfo, at, { submap: FEATURES }));
  },
  [VersionOp.pagesize]: () => PAGE_SIZE,
  [VersionOp.guestHandle]: (domain, at) => done(domain.guest.copyOut(at, uuidBytes(domain.uuid))),
  [VersionOp.commandline]: () => -Errno.EPERM,
  [VersionOp.buildId]: () => -Errno.ENODATA,
};

export const xenVersion: HypercallHandler = (domain, { first, second }) =>
  commands[first]?.(domain, GuestVirtualAddress(second)) ?? -Errno.ENOSYS;

function done(written: boolean): number {
  return written ? 0 : -Errno.EFAULT;
}

function text(value: string, size: number): CommandHandler {
  const bytes = new Uint8Array(size);
  bytes.set(new TextEncoder().encode(value).subarray(0, size - 1));
  return (domain: CallingDomain, at) => done(domain.guest.copyOut(at, bytes));
}

function uuidBytes(uuid: string): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}
