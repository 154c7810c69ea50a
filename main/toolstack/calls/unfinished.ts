/** Calls of the contract that are being built. */
import { DomusError } from '../../../shared/errors.ts';

export function unfinished<Area extends object>(area: string): Area {
  return new Proxy({} as Area, {
    get: (_, name) => async () => {
      throw new DomusError('api.unfinished', `${area}.${String(name)} is being built`);
    },
  });
}
