/** Xenstore as the toolstack sees it: domain 0's rights, plain values, watches by number. */
import { DomusError } from '../../../shared/errors.ts';
import type { XenstoreDaemon } from '../../dom0/index.ts';
import { XenstoreError } from '../../dom0/index.ts';
import type { HostCalls } from '../../toolstack/control/host.contract.ts';

export class StoreCalls {
  private readonly store: XenstoreDaemon;
  private readonly watches = new Map<number, () => void>();
  private readonly changed: (change: { watch: number; path: string }) => void;

  constructor(store: XenstoreDaemon, changed: (change: { watch: number; path: string }) => void) {
    this.store = store;
    this.changed = changed;
  }

  list(path: string): HostCalls['xenstore.list']['result'] {
    const names = asked(path, () => this.store.ls(path)) ?? missing(path);
    const children = names.map((name) => (path === '/' ? `/${name}` : `${path}/${name}`));
    return [path, ...children].map((node) => ({
      path: node,
      value: this.store.readBytes(node) ?? new Uint8Array(0),
      permissions: (this.store.getPerms(node) ?? []).join(' '),
      hasChildren: (this.store.ls(node) ?? []).length > 0,
    }));
  }

  read(path: string): Uint8Array {
    return asked(path, () => this.store.readBytes(path)) ?? missing(path);
  }

  write(path: string, value: Uint8Array): void {
    asked(path, () => this.store.write(path, value));
  }

  remove(path: string): void {
    asked(path, () => (this.store.exists(path) ? this.store.rm(path) : missing(path)));
  }

  watch(path: string, watch: number): void {
    const stop = asked(path, () =>
      this.store.watch(path, (changed) => this.changed({ watch, path: changed })),
    );
    this.watches.set(watch, stop);
  }

  unwatch(watch: number): void {
    this.watches.get(watch)?.();
    this.watches.delete(watch);
  }
}

function missing(path: string): never {
  throw new DomusError('xenstore.not-found', `xenstore has no node ${path}`, { data: { path } });
}

/** Xenstore's own errors with their path, as errors a person can act on. */
function asked<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof XenstoreError)) throw cause;
    throw new DomusError(`xenstore.${cause.code.toLowerCase()}`, cause.message, {
      data: { path },
      cause,
    });
  }
}
