/**
 * How a back end answers its front end (xen-public `io/xenbus.h`; the order of Linux's own back
 * ends): by the state it is in, and the one that the front end comes to.
 */
import { XenbusState } from '../../hypervisor/index.ts';

export type BackendStep =
  /** Map the rings, bind the port, say what the device is, and be connected. */
  | 'connect'
  /** Let go of rings and port; the front end is about to end. */
  | 'close'
  /** Let go, and be closed: the front end has ended. */
  | 'end';

const { initialising, initWait, initialised, connected, closing, closed, unknown } = XenbusState;

const steps: Readonly<Partial<Record<XenbusState, Partial<Record<XenbusState, BackendStep>>>>> = {
  [initWait]: {
    [initialised]: 'connect',
    [connected]: 'connect',
    [closing]: 'close',
    [closed]: 'end',
    [unknown]: 'end',
  },
  [connected]: {
    // It lost its rings without a word, as a kernel that was started by another does.
    [initialising]: 'end',
    [closing]: 'close',
    [closed]: 'end',
    [unknown]: 'end',
  },
  [closing]: { [initialising]: 'end', [closed]: 'end', [unknown]: 'end' },
};

/** What to do now, if anything. Nonsense of a guest's making asks for nothing. */
export function backendStep(own: XenbusState, front: XenbusState): BackendStep | undefined {
  return steps[own]?.[front];
}
