export interface ShellOptions {
  /** `--home DIR` */
  home: string | undefined;
  /** `--demo`: a home without hosts gets the demo domains too. */
  demo: boolean;
}

/** Reads our options; Chromium's, and the path that Electron was given, are not ours to judge. */
export function readCommandLine(args: readonly string[]): ShellOptions {
  const at = args.indexOf('--home');
  const joined = args.find((arg) => arg.startsWith('--home='));
  const home = joined?.slice('--home='.length) ?? (at === -1 ? undefined : args[at + 1]);
  return { home: home === '' ? undefined : home, demo: args.includes('--demo') };
}
