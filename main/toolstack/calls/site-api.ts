/** The contract from the side that serves it: input as the schemas leave it, streams as generators. */
import type {
  AnySchema,
  ContractProcedure,
  ErrorMap,
  InferSchemaInput,
  InferSchemaOutput,
  Meta,
} from '@orpc/contract';
import type { Contract } from '../../../shared/contract/index.ts';

export interface CallOptions {
  /** Aborted when the caller leaves. */
  signal?: AbortSignal | undefined;
}

type Answer<Output> =
  Output extends AsyncIteratorObject<infer Item, unknown, void>
    ? AsyncGenerator<Item, void, void>
    : Output;

type Served<Part> =
  Part extends ContractProcedure<
    infer In extends AnySchema,
    infer Out extends AnySchema,
    ErrorMap,
    Meta
  >
    ? (
        input: InferSchemaOutput<In>,
        options?: CallOptions,
      ) => Promise<Answer<InferSchemaInput<Out>>>
    : { [Name in keyof Part]: Served<Part[Name]> };

/** Every call of the API. Errors are DomusErrors. */
export type SiteApi = Served<Contract>;
