import type { MoveOptions } from '../../shared/contract/schemas.ts';

/** What the dialog of a move asks; figures whose switch is off are kept and not sent. */
export interface MoveWishes {
  readonly autoConverge: boolean;
  readonly limitsStop: boolean;
  readonly longestStopMs: number;
  readonly allowsLonger: boolean;
  readonly limitsRate: boolean;
  readonly mostMbps: number;
}

export const NO_WISHES: MoveWishes = {
  autoConverge: false,
  limitsStop: false,
  longestStopMs: 100,
  allowsLonger: false,
  limitsRate: false,
  mostMbps: 500,
};

export function optionsOf(wishes: MoveWishes): MoveOptions {
  const { autoConverge, limitsStop, longestStopMs, allowsLonger, limitsRate, mostMbps } = wishes;
  return {
    ...(autoConverge ? { autoConverge } : {}),
    ...(limitsStop ? { maxDowntimeMs: longestStopMs } : {}),
    ...(limitsStop && allowsLonger ? { allowLongerStop: true } : {}),
    ...(limitsRate ? { maxRateBytesPerSecond: (mostMbps * 1e6) / 8 } : {}),
  };
}
