import { DomusError } from '../../../../shared/errors.ts';
import { stanzasOfPackages, type Stanza } from './control.ts';
import { compareVersions } from './version.ts';

/** A binary package as a suite's index describes it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The suite whose index named it, for example `bookworm-security`. */
  readonly suite: string;
  /** Path below the archive's root. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly depends: string;
}

/** Reads the records that pass `wanted` from the text of a `Packages` file; a malformed one is an error. */
export function readPackageRecords(
  text: string,
  suite: string,
  wanted: (name: string) => boolean,
): PackageRecord[] {
  return Array.from(stanzasOfPackages(text, wanted), (stanza) => recordOf(stanza, suite));
}

function recordOf(stanza: Stanza, suite: string): PackageRecord {
  const field = (name: string, pattern: RegExp): string => {
    const value = stanza.get(name) ?? '';
    if (pattern.test(value)) return value;
    throw new DomusError(
      'image.bad-index',
      `The package index of ${suite} has an unusable ${name} for package ${stanza.get('Package')}. Try another Debian mirror.`,
      { data: { suite, package: stanza.get('Package'), field: name } },
    );
  };
  return {
    name: field('Package', /^[a-z0-9][a-z0-9+.-]+$/),
    version: field('Version', /^[A-Za-z0-9.+~:-]+$/),
    architecture: field('Architecture', /^[a-z0-9-]+$/),
    suite,
    filename: field('Filename', /^(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9][A-Za-z0-9+._~%:/-]*\.deb$/),
    sizeBytes: Number(field('Size', /^[0-9]{1,12}$/)),
    sha256: field('SHA256', /^[0-9a-f]{64}$/),
    depends: stanza.get('Depends') ?? '',
  };
}

/** The newest record of that name over all suites; of equal versions the first one listed. */
export function newestOf(
  records: readonly PackageRecord[],
  matches: (record: PackageRecord) => boolean,
): PackageRecord | undefined {
  let best: PackageRecord | undefined;
  for (const record of records) {
    if (!matches(record)) continue;
    if (best === undefined || compareVersions(record.version, best.version) > 0) best = record;
  }
  return best;
}
