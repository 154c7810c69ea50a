import { systemError } from './disk-error.ts';
import type { Done } from './disk-image.ts';

/** Does `work` now and tells `done` how it went. */
export function settle(done: Done, label: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    return done(systemError(label, 'the request', error));
  }
  done(null);
}

/** A call that takes a {@link Done}, as a promise. */
export function settled(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}
