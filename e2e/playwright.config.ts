import { defineConfig } from '@playwright/test';
import { CHROMIUM } from './chromium.ts';

/**
 * `window`: the built window before a synthetic site. `product`: the same window before a daemon with
 * real guests. `electron`: the desktop application, where its binary exists.
 */
export default defineConfig({
  outputDir: '../test-results/e2e',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 1,
  reporter: [['list']],
  // A shared machine can stall; what passes only the second time is reported as flaky.
  retries: process.env.CI === undefined ? 0 : 1,
  forbidOnly: process.env.CI !== undefined,
  use: {
    launchOptions: CHROMIUM,
    viewport: { width: 1280, height: 800 },
    // To record every test takes as long as to run it.
    trace: 'on-first-retry',
  },
  projects: [
    { name: 'window', testDir: 'window' },
    { name: 'product', testDir: 'product' },
    { name: 'electron', testDir: '.', testMatch: 'electron.spec.ts' },
  ],
});
