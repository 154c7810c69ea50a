/** Xen public/io/xenbus.h: the states through which both ends of a device walk. */
import { namesOf, type ConstantOf } from '../constants.ts';

/** `XenbusState*`, in decimal in the node `state`; a missing node is `unknown`. */
export const XenbusState = {
  unknown: 0,
  initialising: 1,
  /** Back end: waits for the front end's rings. */
  initWait: 2,
  initialised: 3,
  connected: 4,
  closing: 5,
  closed: 6,
  reconfiguring: 7,
  reconfigured: 8,
} as const;
export type XenbusState = ConstantOf<typeof XenbusState>;
export const xenbusStateName = namesOf(XenbusState);
