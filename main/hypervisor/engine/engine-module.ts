/** The emulator's code, pinned, instrumented and compiled: once for the whole process. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { instrument } from './instrument.ts';
import { prepareV8 } from './v8-flags.ts';

/** The build that the hooks and the addresses in `cpu-layout.ts` were checked against. */
const PINNED = {
  package: 'v86',
  version: '0.5.462',
  sha256: 'aa0d0e149d6b60063b85de4871e78505637ce92821e14a9f9802c4008ba2336e',
} as const;

/** Changes whenever a saved machine state would mean something else. */
export const ENGINE_VERSION = `${PINNED.package}-${PINNED.version}+domus.3`;

/** Throws when these bytes are not the pinned build: its addresses and names would mean something else. */
export function checkBuild(wasm: Uint8Array): void {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  if (sha256 === PINNED.sha256) return;
  throw new Error(
    `the installed emulator is not ${PINNED.package} ${PINNED.version} (its code has SHA-256 ${sha256}); ` +
      'install the packages of the lock file again (npm ci)',
  );
}

/** Reads, checks, instruments and compiles the emulator. Throws as {@link checkBuild} does. */
export async function compileEngine(): Promise<WebAssembly.Module> {
  prepareV8();
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve(`${PINNED.package}/package.json`));
  const wasm = await readFile(join(folder, 'build', 'v86.wasm'));
  checkBuild(wasm);
  const instrumented = instrument(wasm);
  if (!WebAssembly.validate(instrumented)) {
    throw new Error('the instrumented emulator is not valid WebAssembly: its functions changed');
  }
  return WebAssembly.compile(instrumented);
}
