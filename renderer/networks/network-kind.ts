import type { NetworkKind } from '../../shared/contract/schemas.ts';

export const KIND_NAMES: Record<NetworkKind, string> = {
  isolated: 'Isolated',
  routed: 'Routed',
  outside: 'Outside',
};

/** Whom the guests of a network reach besides each other. */
export const KIND_WORDS: Record<NetworkKind, string> = {
  isolated: 'guests reach only each other',
  routed: 'guests reach those of other routed networks too',
  outside: 'guests reach the outside too',
};
