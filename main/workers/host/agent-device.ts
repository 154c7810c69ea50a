/** The secondary console behind which a domain's agent answers. */
import type { XenstoreDaemon } from '../../dom0/index.ts';
import { BackendDevice, consoleDevice } from '../../dom0/index.ts';
import type { DomainHandle } from './domain-handle.ts';

type Log = ConstructorParameters<typeof BackendDevice>[0]['log'];

export function agentDevice(
  store: XenstoreDaemon,
  domid: number,
  handle: DomainHandle,
  log: Log,
): BackendDevice {
  return new BackendDevice({
    store,
    domid,
    definition: consoleDevice({ number: 1, name: 'domus-agent' }),
    driver: {
      connect: async (front) => {
        const [ringRef, port] = [front.number('ring-ref'), front.number('port')];
        await handle.call('connectAgent', { ringRef, port });
        return {};
      },
      disconnect: () => handle.call('disconnectAgent', {}),
    },
    log,
  });
}
