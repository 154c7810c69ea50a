import type { Domain, Interface } from '../../shared/contract/schemas.ts';
import type { Route } from '../app/route.ts';

export const ADD_DISK = 'add-disk';
export const ADD_INTERFACE = 'add-interface';

export function deviceRoute(domain: Pick<Domain, 'uuid'>, device: string): Route {
  return { view: 'domain', uuid: domain.uuid, tab: 'devices', device };
}

/** As most guests call it. */
export function interfaceName({ handle }: Pick<Interface, 'handle'>): string {
  return `eth${handle}`;
}
