import type { ProgressListener } from '../progress.ts';
import type { DownloadOptions } from './download.ts';
import type { PackageRecord } from './package.ts';
import type { Mirror } from './suite.ts';

/** How far a running operation is told about and stopped. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** What a source found: records of all suites that could be read, and what could not be. */
export interface PackageListing {
  readonly records: readonly PackageRecord[];
  /** Names of the suites that could be read. */
  readonly suites: readonly string[];
  /** Sentences for the person: a suite that was left out, and why. */
  readonly warnings: readonly string[];
}

/**
 * A way to Debian's packages. Both ways (apt's own client, plain HTTP) list the same records and
 * hand over the same bytes, so everything above them is common.
 */
export interface PackageSource {
  readonly name: 'apt' | 'http';
  /** Fetches and verifies the indexes, and lists the packages whose name passes `wanted`. */
  list(wanted: (name: string) => boolean, options: RunOptions): Promise<PackageListing>;
  /** Downloads one listed package into `directory` and returns the file's path. Hash and size hold. */
  download(record: PackageRecord, directory: string, options: DownloadOptions): Promise<string>;
  /** The archives' roots that it reads from, after `list`. */
  readonly mirror: Mirror;
  /** Removes what `list` left on disk. */
  dispose(): Promise<void>;
}
