import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import { DomusError } from '../../../../shared/errors.ts';
import { runApt, type CommandResult } from './apt-command.ts';
import { systemMirror, writeAptConfiguration } from './apt-configuration.ts';
import type { DownloadOptions } from './download.ts';
import { readPackageRecords, type PackageRecord } from './package.ts';
import type { PackageListing, PackageSource, RunOptions } from './source.ts';
import { publicMirror, type Mirror, type Suite } from './suite.ts';

const aptHelper = '/usr/lib/apt/apt-helper';

export interface AptSourceOptions {
  /** Undefined: the one that the system's apt uses. */
  readonly mirror?: Mirror | undefined;
  readonly suites: readonly Suite[];
  readonly keys: readonly Key[];
  /** A folder of its own, made and removed here. */
  readonly workDirectory: string;
}

/** Packages fetched by apt's own client, which checks signatures and hashes; works without root. */
export class AptSource implements PackageSource {
  readonly name = 'apt';
  readonly #options: AptSourceOptions;
  #configuration = '';
  #mirror: Mirror = publicMirror;

  constructor(options: AptSourceOptions) {
    this.#options = options;
  }

  get mirror(): Mirror {
    return this.#mirror;
  }

  async list(wanted: (name: string) => boolean, options: RunOptions): Promise<PackageListing> {
    const { suites, keys, workDirectory } = this.#options;
    this.#mirror = this.#options.mirror ?? (await systemMirror(options.signal));
    this.#configuration = await writeAptConfiguration(workDirectory, this.#mirror, suites, keys);
    const update = await this.#apt('apt-get', ['update'], options.signal);
    const indexes = await this.#indexes(options.signal);
    const records: PackageRecord[] = [];
    const warnings: string[] = [];
    for (const suite of suites) {
      const index = indexes.get(suite.name);
      if (index !== undefined) {
        const text = await this.#read(index, options.signal);
        records.push(...readPackageRecords(text, suite.name, wanted));
      } else if (suite.required) throw aptFailed(`has no index of ${suite.name}`, update);
      else warnings.push(`The suite ${suite.name} was left out. ${complaints(update)}`);
    }
    return {
      records,
      suites: suites.map(({ name }) => name).filter((name) => indexes.has(name)),
      warnings,
    };
  }

  async download(
    record: PackageRecord,
    directory: string,
    options: DownloadOptions,
  ): Promise<string> {
    const target = join(directory, record.name);
    await mkdir(target);
    const args = ['download', `${record.name}=${record.version}`];
    const result = await this.#apt('apt-get', args, options.signal, target);
    const [file] = await readdir(target);
    if (result.status !== 0 || file === undefined) {
      throw aptFailed(`could not download ${record.name} ${record.version}`, result);
    }
    return join(target, file);
  }

  async dispose(): Promise<void> {
    await rm(this.#options.workDirectory, { recursive: true, force: true });
  }

  /** The verified package index files by suite. */
  async #indexes(signal: AbortSignal | undefined): Promise<Map<string, string>> {
    const args = ['indextargets', '--format', '$(RELEASE) $(FILENAME)', 'Created-By: Packages'];
    const { stdout } = await this.#apt('apt-get', args, signal);
    const lines = stdout.toString().split('\n');
    return new Map(
      lines.flatMap((line): [string, string][] => {
        const space = line.indexOf(' ');
        return space > 0 ? [[line.slice(0, space), line.slice(space + 1)]] : [];
      }),
    );
  }

  /** apt may keep an index compressed, in a form of the system's choice. */
  async #read(index: string, signal: AbortSignal | undefined): Promise<string> {
    const result = await this.#apt(aptHelper, ['cat-file', index], signal);
    if (result.status !== 0) throw aptFailed(`could not read ${index}`, result);
    return result.stdout.toString();
  }

  #apt(
    program: string,
    args: readonly string[],
    signal: AbortSignal | undefined,
    cwd?: string,
  ): Promise<CommandResult> {
    return runApt(program, ['-c', this.#configuration, '-q', ...args], { signal, cwd });
  }
}

function aptFailed(what: string, result: CommandResult): DomusError {
  return new DomusError(
    'image.apt-failed',
    `apt ${what}. ${complaints(result)} Check the network connection and the system's package sources, or build over HTTP instead.`,
    { data: { status: result.status } },
  );
}

/** apt's own errors and warnings in one line. */
function complaints(result: CommandResult): string {
  const lines = result.stderr.split('\n').filter((line) => /^[EW]: /.test(line));
  return lines.length > 0
    ? lines.map((line) => line.slice(3).trim()).join(' ')
    : 'apt gave no reason.';
}
