/** Patience with folders, each of which may be on a server that is away. */
import { DomusError } from '../../../shared/errors.ts';
import { PatientTurns } from '../streams/patient-turns.ts';

/** What takes longer to say what is on it does not hold up a list that shows others too. */
export const LIST_PATIENCE_MS = 3000;
/** A disk that writes out hundreds of megabytes answers a question after seconds, and is not away. */
export const READ_PATIENCE_MS = 10_000;
/** One that is busy takes this to make something stable. */
export const WRITE_PATIENCE_MS = 20_000;

/** Turns in folders of which nothing is known, by path, while somebody takes them. */
export class FolderTurns {
  private readonly busy = new Map<string, PatientTurns>();

  at(folder: string): PatientTurns {
    for (const [path, turns] of this.busy) if (turns.isIdle) this.busy.delete(path);
    const known = this.busy.get(folder);
    if (known) return known;
    const turns = new PatientTurns(READ_PATIENCE_MS, () => silent(folder));
    this.busy.set(folder, turns);
    return turns;
  }
}

function silent(folder: string): DomusError {
  return new DomusError(
    'disk.unreachable',
    `The folder ${folder} does not answer. Look after what its file system is on, and try again.`,
    { data: { path: folder } },
  );
}
