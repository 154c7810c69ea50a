import type { DomainState } from '../../shared/contract/schemas.ts';

const WORDS: Record<DomainState, string> = {
  starting: 'Starting',
  running: 'Running',
  paused: 'Paused',
  'shutting-down': 'Shutting down',
  migrating: 'Moving',
  'shut-off': 'Shut off',
  saved: 'Saved',
  crashed: 'Crashed',
};

export function stateWord(state: DomainState): string {
  return WORDS[state];
}
