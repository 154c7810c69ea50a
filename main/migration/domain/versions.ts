/** What a saved domain depends on in this build. */
import { DOMAIN_STATE_VERSION, ENGINE_VERSION } from '../../hypervisor/index.ts';
import type { StateVersions } from '../stream/config.ts';

export const OWN_VERSIONS: StateVersions = {
  engine: { v86: ENGINE_VERSION, instrumentation: 'none-changes-state' },
  hypervisorState: DOMAIN_STATE_VERSION,
};
