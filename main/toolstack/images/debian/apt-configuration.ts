import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import { runApt } from './apt-command.ts';
import { binaryKeyring } from './keyring.ts';
import { architecture, component, publicMirror, rootOf, type Mirror, type Suite } from './suite.ts';

/**
 * Writes a configuration for apt under `folder` that shares nothing with the system's: sources,
 * lists, caches and the record of installed packages (an empty one) are its own, hooks that the
 * system runs after an update are cleared. Proxies and the like stay as the system has them.
 * Returns the configuration file's path.
 */
export async function writeAptConfiguration(
  folder: string,
  mirror: Mirror,
  suites: readonly Suite[],
  keys: readonly Key[],
): Promise<string> {
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  const path = (name: string): string => join(folder, name);
  await writeFile(path('status'), '');
  await writeFile(path('archive.gpg'), binaryKeyring(keys));
  const sources = suites.map((suite) => sourceStanza(suite, mirror, path('archive.gpg')));
  await writeFile(path('debian.sources'), sources.join('\n'));
  await writeFile(path('apt.conf'), settings(path));
  return path('apt.conf');
}

function sourceStanza(suite: Suite, mirror: Mirror, keyring: string): string {
  return [
    'Types: deb',
    `URIs: ${rootOf(mirror, suite)}`,
    `Suites: ${suite.name}`,
    `Components: ${component}`,
    `Architectures: ${architecture}`,
    'Targets: Packages',
    `Signed-By: ${keyring}`,
    '',
  ].join('\n');
}

function settings(path: (name: string) => string): string {
  const values: Record<string, string> = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    // The folder belongs to whoever runs this; a further user for downloads could not enter it.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Dir::Etc::sourcelist': path('debian.sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': path('.'),
    'Dir::State::lists': path('lists'),
    'Dir::State::status': path('status'),
    'Dir::Cache': path('cache'),
    'Dir::Log': path('log'),
  };
  const cleared = [
    'APT::Update',
    'APT::Architectures',
    'DPkg',
    'Acquire::IndexTargets::Randomized',
  ];
  return [
    ...cleared.map((name) => `#clear ${name};`),
    ...Object.entries(values).map(([name, value]) => `${name} "${value}";`),
    '',
  ].join('\n');
}

/**
 * The Debian mirror that the system's own apt uses; Debian's public one where there is none (another
 * distribution, an installation medium).
 */
export async function systemMirror(signal?: AbortSignal): Promise<Mirror> {
  const format = '$(REPO_URI) $(COMPONENT)';
  const args = ['indextargets', '--format', format, 'Created-By: Packages'];
  const { stdout } = await runApt('apt-get', args, { signal });
  const roots = stdout
    .toString()
    .split('\n')
    .flatMap((line) => /^(https?:\/\/[^ ]+?)\/* main$/.exec(line)?.[1] ?? []);
  const ending = (name: string): string | undefined =>
    roots.find((root) => root.endsWith(`/${name}`));
  return {
    main: ending('debian') ?? publicMirror.main,
    security: ending('debian-security') ?? publicMirror.security,
  };
}
