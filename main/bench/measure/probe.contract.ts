/** Between a probe and its thread. */

export interface ProbeOptions {
  /** UDP ports of this machine, behind each of which is the one guest that is asked, or nobody. */
  ports: readonly number[];
}

export type ProbeMessage =
  | { type: 'ask' }
  | { type: 'rest' }
  /** Answers with {@link ProbeSamples} since the last time. */
  | { type: 'take' };

/** Milliseconds of `nowMs`, in order. */
export interface ProbeSamples {
  /** When each question was sent that was answered, and when its answer came, by the answer's time. */
  askedAtMs: Float64Array;
  answeredAtMs: Float64Array;
  /** The longest that the probe itself paused while it should have asked. */
  ownPauseMs: number;
}
