import { Value } from '../state/value.ts';

/** The id of the move that the panel shows: the one that was begun here last, until it is closed. */
export const watchedMove = new Value<string | null>(null);
