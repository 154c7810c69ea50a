/** At start-up: what a program that was killed left half-way gets the end that it has had since. */
import type { Store } from './store.ts';

export interface Recovered {
  /** Names of domains that ran when the program ended. */
  wereRunning: string[];
  /** One sentence a move that was under way. */
  moves: string[];
  /** Deletions that can no longer be taken back. */
  purged: string[];
}

export function recover(store: Store): Recovered {
  return store.transaction(() => {
    // Standbys ended with the program, as what they stood by for.
    for (const { uuid } of store.protections.all()) store.protections.end(uuid);
    return {
      moves: settleMoves(store),
      purged: purgeDeleted(store),
      wereRunning: stopRunning(store),
    };
  });
}

/** The commit changed the definition already: all that is left is to forget the record. */
function settleMoves(store: Store): string[] {
  const domains = new Map(
    store.domains.all().map(({ definition }) => [definition.uuid, definition]),
  );
  const settled = new Map(
    store.moves.unfinished().map(({ uuid, source, target, phase }) => {
      store.moves.end(uuid);
      const name = domains.get(uuid)?.name ?? uuid;
      const what =
        phase === 'committed'
          ? `Domain ${name} had moved from ${source} to ${target} when the program ended: it is on ${target}.`
          : `Domain ${name} was on its way from ${source} to ${target} when the program ended: it is on ${source}.`;
      return [uuid, what];
    }),
  );
  for (const move of store.moveHistory.unfinished()) {
    const error = settled.get(move.domain) ?? 'The program ended while this was going on.';
    store.moveHistory.save({ ...move, state: 'failed', error, endedAtMs: Date.now() });
  }
  return [...settled.values()];
}

function purgeDeleted(store: Store): string[] {
  const deleted = store.domains.all().filter(({ deletedAtMs }) => deletedAtMs !== null);
  for (const { definition } of deleted) store.domains.remove(definition.uuid);
  return deleted.map(({ definition }) => definition.uuid);
}

function stopRunning(store: Store): string[] {
  const running = store.domains.all().filter(({ fate }) => fate.runningDomid !== null);
  for (const { definition } of running) {
    store.domains.setFate(definition.uuid, {
      runningDomid: null,
      endedAs: 'shut-off',
      reason: 'the program ended while it ran',
      wasRunning: true,
    });
  }
  return running.map(({ definition }) => definition.name);
}
