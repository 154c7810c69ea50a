import { defineConfig } from 'vitest/config';

const GUEST_TESTS = '**/*.guest.test.ts';
/** As Domus has it (docs/adr/0018), but from the start: Node takes types away with WebAssembly. */
const execArgv = ['--no-wasm-code-gc'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          execArgv,
          include: ['{main,shared,app,renderer}/**/*.test.ts'],
          exclude: [GUEST_TESTS, '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'guest',
          execArgv,
          include: [`{main,app}/${GUEST_TESTS}`],
          exclude: ['**/node_modules/**'],
          // Guests wait as long as they work: two files at a time.
          maxWorkers: 2,
          // A shared machine can stall for a minute; a second failure is no accident.
          retry: 1,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
