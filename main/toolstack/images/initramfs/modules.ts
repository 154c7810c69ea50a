import type { CpioEntry } from './cpio.ts';
import { readModuleInfo, type ModuleInfo } from './modinfo.ts';

interface KernelModule extends ModuleInfo {
  /** Below `lib/modules/RELEASE/`, for example `kernel/fs/ext4/ext4.ko`. */
  readonly path: string;
  readonly data: Buffer;
}

/**
 * The wanted modules and what they need, with the tables that busybox's modprobe reads
 * (`modules.dep`, `modules.alias`).
 *
 * @param available files of the kernel package, keyed by their path: modules and `modules.builtin`.
 * @param wanted module names, in any spelling (`xen-blkfront`, `xen_blkfront`).
 * @throws Error naming a wanted module that the kernel does not have, neither as file nor built in.
 */
export function moduleEntries(
  release: string,
  available: ReadonlyMap<string, Buffer>,
  wanted: readonly string[],
): CpioEntry[] {
  const modules = readModules(release, available);
  const builtIn = readBuiltIn(available);
  const chosen = new Map<string, KernelModule>();
  const choose = (name: string, neededBy: string, optional: boolean): void => {
    const key = canonical(name);
    if (chosen.has(key) || builtIn.has(key)) return;
    const module = modules.get(key);
    if (module === undefined) {
      if (optional) return;
      throw new Error(`kernel ${release} has no module ${name}, needed by ${neededBy}`);
    }
    chosen.set(key, module);
    for (const dependency of module.depends) choose(dependency, name, false);
    for (const dependency of module.softDepends) choose(dependency, name, true);
  };
  for (const name of wanted) choose(name, 'the image', false);
  const sorted = [...chosen.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const root = `lib/modules/${release}`;
  const file = (path: string, data: Uint8Array): CpioEntry => ({
    kind: 'file',
    path: `${root}/${path}`,
    mode: 0o644,
    data,
  });
  return [
    ...sorted.map(({ path, data }) => file(path, data)),
    file('modules.dep', Buffer.from(sorted.map((module) => depLine(module, chosen)).join(''))),
    file('modules.alias', Buffer.from(sorted.flatMap(aliasLines).join(''))),
    // modprobe wants the files to exist.
    file('modules.symbols', new Uint8Array()),
  ];
}

function readModules(
  release: string,
  available: ReadonlyMap<string, Buffer>,
): Map<string, KernelModule> {
  const modules = new Map<string, KernelModule>();
  const root = new RegExp(`^(?:usr/)?lib/modules/${release.replace(/\./g, '\\.')}/(.*\\.ko)$`);
  for (const [path, data] of available) {
    const below = root.exec(path)?.[1];
    const info = below === undefined ? undefined : readModuleInfo(data);
    if (below !== undefined && info !== undefined) {
      modules.set(canonical(info.name), { ...info, path: below, data });
    }
  }
  return modules;
}

function readBuiltIn(available: ReadonlyMap<string, Buffer>): Set<string> {
  const [, list] = [...available].find(([path]) => path.endsWith('/modules.builtin')) ?? [];
  return new Set((list?.toString() ?? '').split('\n').map(moduleName));
}

/** Dependencies come out so that loading them from the last to the first works, as depmod does. */
function depLine(module: KernelModule, chosen: ReadonlyMap<string, KernelModule>): string {
  const order: string[] = [];
  const visit = (name: string): void => {
    const dependency = chosen.get(canonical(name));
    if (dependency === undefined || dependency === module) return;
    const seen = order.indexOf(dependency.path);
    if (seen >= 0) order.splice(seen, 1);
    order.push(dependency.path);
    for (const next of dependency.depends) visit(next);
  };
  for (const name of [...module.depends, ...module.softDepends]) visit(name);
  return `${module.path}:${order.map((path) => ` ${path}`).join('')}\n`;
}

function aliasLines(module: KernelModule): string[] {
  return module.aliases.map((alias) => `alias ${alias} ${canonical(module.name)}\n`);
}

/** The kernel takes `-` and `_` in a module's name for the same. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

function moduleName(path: string): string {
  return canonical(path.slice(path.lastIndexOf('/') + 1).replace(/\.ko$/, ''));
}
