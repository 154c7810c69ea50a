import { defineConfig } from 'vite';

/** The preload script: one CommonJS file, which is all that a sandboxed one can be. */
export default defineConfig({
  build: {
    ssr: `${import.meta.dirname}/preload.ts`,
    outDir: `${import.meta.dirname}/../dist/app`,
    emptyOutDir: false,
    target: 'chrome140',
    rolldownOptions: {
      output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
    },
  },
  ssr: { noExternal: true, external: ['electron'] },
});
