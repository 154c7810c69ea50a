/** How programs reach a running Domus. */
import { DomusError } from '../../../shared/errors.ts';
import { readDaemonInfo } from '../../toolstack/daemon-info.ts';
import type { Home } from '../../toolstack/home.ts';
import { DomusClient } from './client.ts';

export { DomusClient } from './client.ts';
export { ConsoleConnection } from './console.ts';
export type { ConsoleListener, ConsoleState } from './console.ts';
export type { Endpoint } from './socket.ts';
export type { VolumeAddress, VolumeSource } from './volume-content.ts';
export type { SiteApi } from '../rpc/router.ts';
export { resolveHome } from '../../toolstack/home.ts';
export type { Home } from '../../toolstack/home.ts';
export { readDaemonInfo } from '../../toolstack/daemon-info.ts';

/**
 * A client of the program that has `home` open. Calls fail with `daemon.not-running` when there is
 * none.
 */
export function connectHome(home: Home): DomusClient {
  return new DomusClient(() => {
    const info = readDaemonInfo(home);
    if (info) return info;
    throw new DomusError(
      'daemon.not-running',
      `No Domus runs for ${home.folder}. Start one with "domus serve", or open the application.`,
      { data: { home: home.folder } },
    );
  });
}
