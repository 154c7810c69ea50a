import type { LaunchOptions } from '@playwright/test';

/** Debian's Chromium, also as root and without a GPU. */
export const CHROMIUM: LaunchOptions = {
  executablePath: process.env.DOMUS_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu-sandbox'],
};
