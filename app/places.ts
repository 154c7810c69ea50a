/**
 * Where the program's parts lie: in the source beside this file's folder, in the built program
 * (`dist/app/main.js`) beside the bundle's.
 */
import { fileURLToPath } from 'node:url';

export interface Places {
  preload: string;
  /** The built user interface. */
  pages: string;
  /** `main`'s public entry, to be imported. */
  mainModule: URL;
}

/** `base`: the `import.meta.url` of the program's entry. */
export function findPlaces(base: string): Places {
  const isSource = base.endsWith('.ts');
  const built = isSource ? '../dist/' : '../';
  return {
    preload: fileURLToPath(new URL(`${built}app/preload.cjs`, base)),
    pages: fileURLToPath(unpacked(new URL(`${built}renderer`, base))),
    mainModule: unpacked(new URL(isSource ? '../main/index.ts' : '../main/index.js', base)),
  };
}

/**
 * All but the shell itself lies beside the archive as real files (`asarUnpack`): threads, wasm,
 * guest recipes and pages are then found by their own addresses, without Electron's patched file
 * system.
 */
export function unpacked(url: URL): URL {
  return new URL(url.href.replace('/app.asar/', '/app.asar.unpacked/'));
}
