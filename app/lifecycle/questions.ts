import type { QuitAnswer } from './quit-sequence.ts';

export interface Question {
  message: string;
  detail: string;
  buttons: readonly { label: string; answer: QuitAnswer }[];
}

/** What a person is asked before running domains would be lost from sight or powered off. */
export function quitQuestion(running: number, from: 'close' | 'quit'): Question {
  const domains = running === 1 ? 'A domain is' : `${running} domains are`;
  const keep = { label: 'Keep running', answer: 'keep-running' } as const;
  const quit = { label: 'Power off and quit', answer: 'quit' } as const;
  const cancel = { label: 'Cancel', answer: 'cancel' } as const;
  return from === 'close'
    ? {
        message: `${domains} running`,
        detail:
          'They can go on without the window: open Domus again to see them. ' +
          'Quitting powers them off; their memory is lost, their definitions stay.',
        buttons: [keep, quit, cancel],
      }
    : {
        message: `Quit while ${domains.toLowerCase()} running?`,
        detail: 'They are powered off; their memory is lost, their definitions stay.',
        buttons: [quit, cancel],
      };
}
