import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const here = import.meta.dirname;
const output = join(here, '..', 'dist', 'main');
const workers = ['api', 'console', 'domain', 'gateway', 'host', 'io', 'toolstack'];

/**
 * Everything that runs domains, bundled for the packed application: the public entry, the command, and beside
 * them one file for each thread's entry, where `workers/worker-url.ts` looks for them. The emulator
 * stays a package of its own, because its files are read and checked as they were published.
 */
export default defineConfig({
  build: {
    ssr: true,
    outDir: output,
    emptyOutDir: true,
    target: 'node24',
    license: { fileName: 'LICENSES.md' },
    rolldownOptions: {
      input: {
        index: join(here, 'index.ts'),
        cli: join(here, 'cli', 'domus.ts'),
        ...Object.fromEntries(
          workers.map((name) => [`${name}.worker`, join(here, 'workers', `${name}.worker.ts`)]),
        ),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
    },
  },
  // As Node itself resolves packages: the sources run on it unbundled.
  environments: { ssr: { resolve: { mainFields: ['main'] } } },
  ssr: { noExternal: true, external: ['v86'] },
  plugins: [besideTheBundle()],
});

/** Folders that code finds beside itself, by its `import.meta.url`. */
const FOLDERS = {
  rootfs: 'guest/rootfs',
  'debian-root': 'guest/debian-root',
  keys: 'toolstack/images/keys',
};

/** Adds them, and that `.js` files are modules. */
function besideTheBundle(): Plugin {
  return {
    name: 'domus-beside-the-bundle',
    writeBundle({ dir = output }) {
      for (const [name, source] of Object.entries(FOLDERS)) {
        cpSync(join(here, source), join(dir, name), { recursive: true });
      }
      writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n');
    },
  };
}
