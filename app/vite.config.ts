import { defineConfig } from 'vite';

/** The main process's part of the shell: one ES module, `dist/app/main.js`. */
export default defineConfig({
  build: {
    ssr: `${import.meta.dirname}/main.ts`,
    outDir: `${import.meta.dirname}/../dist/app`,
    emptyOutDir: false,
    target: 'node24',
    rolldownOptions: { output: { entryFileNames: 'main.js', codeSplitting: false } },
  },
  ssr: { noExternal: true, external: ['electron'] },
});
