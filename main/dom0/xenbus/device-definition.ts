/**
 * A paravirtual device as the toolstack writes it into xenstore (`libxl__device_generic_add`): a
 * directory of the front end's, owned by the guest, one of the back end's, and libxl's own note.
 */
import { domainHome } from '../xenstore/caller.ts';
import { directoryEntries } from '../xenstore/domain-skeleton.ts';
import type { StoreEntry } from '../xenstore/store-access.ts';

export type DeviceKind = 'vbd' | 'vif' | 'console';

/** Leaf names and values of one directory. */
export type DeviceNodes = Readonly<Record<string, string | number>>;

export interface DeviceDefinition {
  kind: DeviceKind;
  /** Its directory's name: for a vbd the device number, else 0, 1, 2 … */
  number: number;
  /** Beyond `backend`, `backend-id` and `state`. */
  frontend: DeviceNodes;
  /** Leaves of the front end's directory that the guest may only read. */
  frontendReadOnly?: DeviceNodes;
  /** Beyond `frontend`, `frontend-id`, `online` and `state`. */
  backend: DeviceNodes;
  /** What the back end offers: written before it waits for the front end. */
  features: DeviceNodes;
}

export interface DevicePaths {
  readonly frontend: string;
  readonly backend: string;
  readonly libxl: string;
}

export function devicePaths(
  domid: number,
  { kind, number }: Pick<DeviceDefinition, 'kind' | 'number'>,
  backendDomid = 0,
): DevicePaths {
  return {
    frontend: `${domainHome(domid)}/device/${kind}/${number}`,
    backend: `${domainHome(backendDomid)}/backend/${kind}/${domid}/${number}`,
    libxl: `/libxl/${domid}/device/${kind}/${number}`,
  };
}

/** All nodes of a new device, both ends at XenbusStateInitialising. */
export function deviceEntries(
  domid: number,
  device: DeviceDefinition,
  backendDomid = 0,
): StoreEntry[] {
  const paths = devicePaths(domid, device, backendDomid);
  const backend = {
    frontend: paths.frontend,
    'frontend-id': domid,
    online: 1,
    state: 1,
    ...device.backend,
  };
  const frontend = {
    backend: paths.backend,
    'backend-id': backendDomid,
    state: 1,
    ...device.frontend,
  };
  const ofBackend = [`n${backendDomid}`, `r${domid}`];
  return [
    ...directoryEntries(paths.libxl, { backend: paths.backend, ...backend }, ['n0']),
    ...directoryEntries(paths.backend, backend, ofBackend),
    ...directoryEntries(paths.frontend, frontend, [`n${domid}`, `r${backendDomid}`]),
    // Without the directory itself, which is the guest's.
    ...directoryEntries(paths.frontend, device.frontendReadOnly ?? {}, ofBackend).slice(1),
  ];
}
