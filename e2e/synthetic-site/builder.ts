/** What the contract's routes are made with. */
import { implement, ORPCError, onError } from '@orpc/server';
import { contract } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';

/** An error of ours crosses as the API sends it: its code, its sentence, its data. */
export function builder() {
  return implement(contract).use(
    onError((error) => {
      if (!(error instanceof DomusError)) return;
      throw new ORPCError(error.code, { message: error.message, data: error.data, status: 409 });
    }),
  );
}
export type Builder = ReturnType<typeof builder>;
