// Every test, from a fresh clone: set-up, static checks, units, real guests, the window in Chromium.
// `npm test -- static unit guest e2e` runs a choice. Ends with one line over all suites.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureDebianPackages } from './debian.mjs';
import {
  ensureBuilt,
  ensurePackages,
  ensureProgram,
  environment,
  lockedNode,
  orExplain,
  root,
} from './setup.mjs';

const results = join(root, 'test-results');
const total = { passed: 0, failed: 0, skipped: 0 };
/** Suites that failed without saying how many tests did. */
const broken = [];
/** What failed, and what passed only the second time: said again at the end of a long run. */
const notable = [];

function node(script, args, env = {}) {
  const { status } = spawnSync(lockedNode(), [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: environment(env),
  });
  return status === 0;
}

function check(title, ok) {
  console.error(`${ok ? 'passed' : 'FAILED'}: ${title}`);
  if (!ok) notable.push(`failed: ${title}`);
  total[ok ? 'passed' : 'failed']++;
}

const suites = {
  static() {
    check('format', node('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']));
    check('lint', node('eslint/bin/eslint.js', ['--max-warnings', '0', '.']));
    const { status } = spawnSync(lockedNode(), [join(root, 'scripts', 'typecheck.mjs')], {
      cwd: root,
      stdio: 'inherit',
      env: environment(),
    });
    check('types', status === 0);
    const folders = ['app', 'main', 'renderer', 'shared', 'e2e'];
    check(
      'import rules',
      node('dependency-cruiser/bin/dependency-cruiser.mjs', [
        '--config',
        '.dependency-cruiser.json',
        ...folders,
      ]),
    );
  },
  unit: () => vitest('unit'),
  guest: () => vitest('guest', { DOMUS_PROGRAM: ensureProgram() }),
  e2e() {
    ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
    // Pages before a synthetic site leave a processor idle; real guests want both.
    playwright('window', ['--project=window', '--workers=2']);
    playwright('product', ['--project=product', '--project=electron', '--workers=1']);
  },
};

function playwright(name, choice) {
  const output = join(results, `${name}.json`);
  const config = join('e2e', 'playwright.config.ts');
  node('@playwright/test/cli.js', ['test', '--config', config, '--reporter=list,json', ...choice], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: output,
    DOMUS_PROGRAM: ensureProgram(),
  });
  if (!existsSync(output)) return broken.push(name);
  const { stats, suites: files, errors } = readJson(output);
  total.passed += stats.expected + stats.flaky;
  total.failed += stats.unexpected;
  total.skipped += stats.skipped;
  if (errors.length > 0 && stats.unexpected === 0) broken.push(name);
  const specs = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specs)];
  for (const { file, title, tests } of files.flatMap(specs)) {
    for (const { status } of tests) {
      if (status === 'unexpected') notable.push(`failed: ${file} › ${title}`);
      if (status === 'flaky') notable.push(`passed the second time: ${file} › ${title}`);
    }
  }
}

function vitest(project, env = {}) {
  const output = join(results, `${project}.json`);
  const ok = runVitest(project, output, env);
  if (!existsSync(output)) return broken.push(project);
  const { numFailedTests, ...all } = readJson(output);
  total.passed += all.numPassedTests;
  total.failed += numFailedTests;
  total.skipped += all.numPendingTests + all.numTodoTests;
  if (!ok && numFailedTests === 0) broken.push(project);
  for (const { name, status, message, assertionResults } of all.testResults) {
    const file = relative(root, name);
    for (const { fullName, status: ended, failureMessages } of assertionResults) {
      if (ended !== 'failed') continue;
      notable.push(`failed: ${file} › ${fullName}: ${String(failureMessages[0]).split('\n')[0]}`);
    }
    const isOutside = status === 'failed' && assertionResults.every((t) => t.status !== 'failed');
    if (isOutside) notable.push(`failed: ${file}: ${String(message).split('\n')[0]}`);
  }
}

/** Whether all is well; what the report at `output` does not have is noted. */
function runVitest(project, output, env) {
  const seen = join(results, `${project}-notable.json`);
  const reporters = ['default', 'json', join(root, 'scripts', 'notable-reporter.mjs')];
  const args = reporters.map((name) => `--reporter=${name}`);
  const ok = node(
    'vitest/vitest.mjs',
    ['run', `--project=${project}`, ...args, `--outputFile.json=${output}`],
    { ...env, DOMUS_NOTABLE: seen },
  );
  if (existsSync(seen)) {
    const { outside, secondTime } = readJson(seen);
    for (const what of outside) notable.push(`outside of the tests of "${project}": ${what}`);
    for (const test of secondTime) notable.push(`passed the second time: ${test}`);
  }
  return ok;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

orExplain(() => {
  ensurePackages();
  ensureDebianPackages();
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const chosen = process.argv.slice(2);
  for (const name of chosen.length > 0 ? chosen : Object.keys(suites)) {
    if (!Object.hasOwn(suites, name)) throw new Error(`there is no suite "${name}"`);
    console.error(`\n=== ${name}`);
    suites[name]();
  }
  for (const line of notable) console.error(line);
  for (const name of broken) {
    console.error(`the suite "${name}" failed outside of its tests`);
    total.failed++;
  }
  if (total.failed > 0) process.exitCode = 1;
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
});
