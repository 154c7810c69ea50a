import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Built to `dist/renderer`, with relative addresses: served over HTTP, or read from the app's archive. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    // One document, opened from the same machine: a second request costs more than the bytes.
    chunkSizeWarningLimit: 2000,
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
