/**
 * Turns an object with the contract's shape into a router that the RPC library's handlers serve.
 *
 * Two threads use it. In the toolstack worker the object is the toolstack itself, and the
 * contract's schemas are checked here: this is the one door for input. In the API worker the
 * object is a client of that toolstack, and input passes through as it is, to be checked at
 * the door.
 */
import { implement } from '@orpc/server';
import type { Router } from '@orpc/server';
import { isContractProcedure } from '@orpc/contract';
import type { ContractRouterClient } from '@orpc/contract';
import { contract } from '../../../shared/contract/index.ts';
import type { Contract } from '../../../shared/contract/index.ts';
import { toWireError } from './errors.ts';
import { endOnAbort, isStream, mapStreamErrors } from './streams.ts';

/** The whole API as functions: what the toolstack implements and what every client holds. */
export type SiteApi = ContractRouterClient<Contract>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the library's own type for "any contract"
export type SiteRouter = Router<any, Record<never, never>>;

type Call = (input: unknown, options: { signal?: AbortSignal }) => Promise<unknown>;
type Tree = { readonly [name: string]: Tree | Call };
interface CallOptions {
  input: unknown;
  signal?: AbortSignal;
}
interface Buildable {
  handler(run: (options: CallOptions) => Promise<unknown>): SiteRouter;
}

/** `checked`: whether input and output are held against the contract's schemas. */
export function implementSite(site: SiteApi, door: 'checked' | 'unchecked'): SiteRouter {
  const root =
    door === 'checked'
      ? implement(contract)
      : implement(contract).$config({
          // The library skips a check whose place in the chain is no number.
          initialInputValidationIndex: Number.NaN,
          initialOutputValidationIndex: Number.NaN,
        });
  return build(contract, root, site as unknown as Tree);
}

function build(part: object, implementer: unknown, site: Tree): SiteRouter {
  const routers = Object.keys(part).map((name) => {
    const child = (part as Record<string, object>)[name];
    const below = (implementer as Record<string, unknown>)[name];
    const target = site[name];
    if (isContractProcedure(child)) {
      return [name, (below as Buildable).handler(procedure(target as Call))] as const;
    }
    return [name, build(child as object, below, target as Tree)] as const;
  });
  return Object.fromEntries(routers) as SiteRouter;
}

function procedure(call: Call): (options: CallOptions) => Promise<unknown> {
  return async ({ input, signal }) => {
    const output = await call(input, signal ? { signal } : {});
    return isStream(output) ? endOnAbort(output, signal) : output;
  };
}

/** Maps every error of a call, also those of its stream; an option of the library's handlers. */
export async function wireErrors(options: { next(): Promise<unknown> }): Promise<unknown> {
  try {
    const output = await options.next();
    return isStream(output) ? mapStreamErrors(output, toWireError) : output;
  } catch (error) {
    throw toWireError(error);
  }
}
