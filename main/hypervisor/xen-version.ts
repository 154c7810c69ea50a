/** The version of Xen's interface that this hypervisor implements. */
import { versionNumber } from './abi/index.ts';

export const XEN_MAJOR = 4;
export const XEN_MINOR = 17;
export const XEN_VERSION = versionNumber(XEN_MAJOR, XEN_MINOR);
export const XEN_EXTRAVERSION = '.0-domus';
