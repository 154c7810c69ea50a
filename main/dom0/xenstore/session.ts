import type { Caller } from './caller.ts';
import type { Outcome } from './errno.ts';
import { exceeds } from './quota.ts';
import type { StoreTree } from './store-tree.ts';
import { Transaction } from './transaction.ts';

const TX_ID_LIMIT = 2 ** 32;

/** The open transactions of one connection. */
export class Session {
  readonly caller: Caller;
  readonly #tree: StoreTree;
  readonly #transactions = new Map<number, Transaction>();
  #nextTransactionId = 1;

  constructor(tree: StoreTree, caller: Caller) {
    this.#tree = tree;
    this.caller = caller;
  }

  transaction(id: number): Transaction | undefined {
    return this.#transactions.get(id);
  }

  transactions(): Iterable<Transaction> {
    return this.#transactions.values();
  }

  /** Opens a transaction; `ENOSPC` if the caller has too many. */
  start(): Transaction | 'ENOSPC' {
    const limit = this.#tree.accounts.limits(this.caller.domid).transactions;
    if (!this.caller.privileged && exceeds(limit, this.#transactions.size + 1)) return 'ENOSPC';
    while (this.#nextTransactionId === 0 || this.#transactions.has(this.#nextTransactionId)) {
      this.#nextTransactionId = (this.#nextTransactionId + 1) % TX_ID_LIMIT;
    }
    const id = this.#nextTransactionId;
    this.#nextTransactionId = (id + 1) % TX_ID_LIMIT;
    return this.adopt(id);
  }

  /** Opens a transaction with a given id, as one carried over from another store has. */
  adopt(id: number): Transaction {
    const transaction = new Transaction(this.#tree, this.caller, id);
    this.#transactions.set(id, transaction);
    return transaction;
  }

  /** Commits or discards a transaction; it is gone either way. */
  end(transaction: Transaction, commit: boolean): Outcome {
    this.#transactions.delete(transaction.id);
    const outcome = commit ? transaction.commit() : 'OK';
    transaction.dispose();
    return outcome;
  }

  discardAll(): void {
    for (const transaction of this.#transactions.values()) transaction.dispose();
    this.#transactions.clear();
  }
}
