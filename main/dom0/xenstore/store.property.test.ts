import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { privilegedCaller } from './caller.ts';
import { mkdir, rm, setPerms, write } from './operations.ts';
import { leafOf, parentOf } from './path.ts';
import { parsePermissions } from './permissions.ts';
import { Accounts } from './quota.ts';
import { Session } from './session.ts';
import type { NodeSpace } from './node-space.ts';
import { checkStore } from './consistency.ts';
import { StoreTree } from './store-tree.ts';
import { smallPaths } from './testing/arbitraries.ts';
import { StoreModel } from './testing/store-model.ts';

const dom0 = privilegedCaller();

type Operation =
  | { readonly kind: 'write'; readonly path: string; readonly value: string }
  | { readonly kind: 'mkdir' | 'rm' | 'read' | 'ls'; readonly path: string }
  | { readonly kind: 'setPerms'; readonly path: string; readonly perms: string[] };

const paths = smallPaths.filter((path) => path.length < 6);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    path: paths,
    value: fc.string({ maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constantFrom('mkdir' as const, 'rm' as const, 'read' as const, 'ls' as const),
    path: paths,
  }),
  fc.record({
    kind: fc.constant('setPerms' as const),
    path: paths,
    perms: fc.constantFrom<string[][]>(['n0'], ['n5', 'r6'], ['b7']),
  }),
);

/** Does an operation for real; the result is what a client could see of it. */
function perform(space: NodeSpace, op: Operation): unknown {
  const node = space.get(op.path);
  switch (op.kind) {
    case 'write':
      return write(space, dom0, op.path, Buffer.from(op.value, 'latin1'));
    case 'mkdir':
      return mkdir(space, dom0, op.path);
    case 'rm':
      return rm(space, dom0, op.path);
    case 'setPerms': {
      const perms = parsePermissions(op.perms);
      return perms && setPerms(space, dom0, op.path, perms);
    }
    case 'read':
      return node && Buffer.from(node.value).toString('latin1');
    case 'ls':
      return node && [...node.childNames()].sort();
  }
}

function newStore(): { tree: StoreTree; changes: string[] } {
  const changes: string[] = [];
  return { tree: new StoreTree(new Accounts(), (path) => changes.push(path)), changes };
}

describe('the store', () => {
  it('behaves like a simple model, and stays sound', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { tree } = newStore();
        const model = new StoreModel();
        for (const op of operations) expect(perform(tree, op)).toEqual(model.perform(op));
        expect(model.differences(tree)).toEqual([]);
        expect(checkStore(tree)).toEqual([]);
      }),
    );
  });
});

type TransactionStep =
  | { readonly who: 0 | 1 | 2; readonly op: Operation }
  | { readonly who: 1 | 2; readonly end: boolean };

const transactionStep: fc.Arbitrary<TransactionStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      who: fc.constantFrom(0 as const, 1 as const, 2 as const),
      op: operation,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ who: fc.constantFrom(1 as const, 2 as const), end: fc.boolean() }),
  },
);

describe('transactions', () => {
  it('that commit act as if each had run alone at its commit', () => {
    let committed = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(transactionStep, { maxLength: 80, size: 'max' }), (steps) => {
        const { tree, changes } = newStore();
        const model = new StoreModel();
        const sessions = [1, 2].map(() => new Session(tree, privilegedCaller()));
        const open = new Map<number, { id: number; seen: { op: Operation; result: unknown }[] }>();
        for (const step of steps) {
          if (step.who === 0) {
            if ('op' in step) expect(perform(tree, step.op)).toEqual(model.perform(step.op));
            continue;
          }
          const session = sessions[step.who - 1];
          if (!session) continue;
          let current = open.get(step.who);
          if (!current) {
            const started = session.start();
            if (typeof started === 'string') throw new Error(started);
            current = { id: started.id, seen: [] };
            open.set(step.who, current);
          }
          const transaction = session.transaction(current.id);
          if (!transaction) throw new Error('the transaction is gone');
          const before = changes.length;
          if ('op' in step) {
            current.seen.push({ op: step.op, result: perform(transaction, step.op) });
            expect(changes.length).toBe(before);
            continue;
          }
          open.delete(step.who);
          const outcome = session.end(transaction, step.end);
          if (outcome === 'OK' && step.end) {
            committed++;
            for (const { op, result } of current.seen) expect(model.perform(op)).toEqual(result);
          } else {
            expect(changes.length).toBe(before);
            if (outcome === 'EAGAIN') refused++;
            else expect(outcome).toBe('OK');
          }
        }
        expect(model.differences(tree)).toEqual([]);
        for (const session of sessions) session.discardAll();
        expect(checkStore(tree)).toEqual([]);
        expect(tree.accounts.usage(0).transactions).toBe(0);
      }),
      { numRuns: 400 },
    );
    expect(committed).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(20);
  });

  it('conflict only over nodes they looked at', () => {
    fc.assert(
      fc.property(smallPaths, smallPaths, (mine, theirs) => {
        const related = leafOf(mine) === leafOf(theirs) && parentOf(mine) === parentOf(theirs);
        const { tree } = newStore();
        for (const path of [mine, theirs]) write(tree, dom0, path, new Uint8Array(1));
        const session = new Session(tree, privilegedCaller());
        const transaction = session.start();
        if (typeof transaction === 'string') throw new Error(transaction);
        write(transaction, dom0, mine, new Uint8Array(2));
        write(tree, dom0, theirs, new Uint8Array(3));
        expect(session.end(transaction, true)).toBe(related ? 'EAGAIN' : 'OK');
      }),
    );
  });
});
