import { domainHome } from './caller.ts';
import { CONSOLE_LIMIT_BYTES, directoryEntries } from './domain-skeleton.ts';
import type { StoreEntry } from './store-access.ts';

/** A secondary console: `hvc<number>` in the guest. */
export interface ConsoleDevice {
  readonly domid: number;
  /** 1 to 9: Linux takes the last digit of the path as the console's number. */
  readonly number: number;
  readonly backendDomid?: number;
  /** What the console is for; the guest can find it by this name. */
  readonly name?: string;
  /** How the back end's end is reached: `pty` or `socket`. */
  readonly connection?: string;
  /** Path of that end, if it has one. */
  readonly path?: string;
  readonly tty?: string;
}

/** The directories of a console device. */
export interface ConsoleDevicePaths {
  readonly frontend: string;
  readonly backend: string;
  readonly libxl: string;
}

export function consoleDevicePaths(
  domid: number,
  number: number,
  backendDomid = 0,
): ConsoleDevicePaths {
  return {
    frontend: `${domainHome(domid)}/device/console/${number}`,
    backend: `${domainHome(backendDomid)}/backend/console/${domid}/${number}`,
    libxl: `/libxl/${domid}/device/console/${number}`,
  };
}

/**
 * The nodes `xl` writes for a secondary console (`libxl__device_console_add`). The guest's driver
 * allocates the ring, writes `ring-ref` and `port`, and goes to state 3 without waiting for the
 * back end; it connects when the back end is at 4.
 *
 * @throws RangeError for a number Linux cannot tell from another's
 */
export function consoleDevice(device: ConsoleDevice): StoreEntry[] {
  const { domid, number, backendDomid = 0, name } = device;
  if (!Number.isInteger(number) || number < 1 || number > 9) {
    throw new RangeError(`a secondary console's number is 1 to 9, not ${number}`);
  }
  const paths = consoleDevicePaths(domid, number, backendDomid);
  const named = name === undefined ? {} : { name };
  const backend = {
    frontend: paths.frontend,
    'frontend-id': domid,
    online: 1,
    state: 1,
    protocol: 'vt100',
    ...named,
    ...(device.connection === undefined ? {} : { connection: device.connection }),
    ...(device.path === undefined ? {} : { path: device.path }),
  };
  const writable = {
    backend: paths.backend,
    'backend-id': backendDomid,
    state: 1,
    protocol: 'vt100',
  };
  const readOnly = {
    ...named,
    limit: CONSOLE_LIMIT_BYTES,
    type: 'ioemu',
    output: device.connection ?? 'pty',
    tty: device.tty ?? '',
  };
  const backendPerms = [`n${backendDomid}`, `r${domid}`];
  return [
    ...directoryEntries(paths.libxl, { backend: paths.backend, ...backend }, ['n0']),
    ...directoryEntries(paths.frontend, writable, [`n${domid}`, `r${backendDomid}`]),
    ...directoryEntries(paths.frontend, readOnly, backendPerms).slice(1),
    ...directoryEntries(paths.backend, backend, backendPerms),
  ];
}
