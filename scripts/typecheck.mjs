// Type-checks every runtime's project with the native compiler; prints all errors, fails on any.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const tsc = fileURLToPath(new URL('../node_modules/@typescript/native/bin/tsc', import.meta.url));
const projects =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['shared', 'main/hypervisor', 'main', 'renderer', 'app', 'e2e'];
let failed = false;
for (const project of projects) {
  const run = spawnSync(process.execPath, [tsc, '--project', project], { stdio: 'inherit' });
  failed ||= run.status !== 0;
}
process.exitCode = failed ? 1 : 0;
