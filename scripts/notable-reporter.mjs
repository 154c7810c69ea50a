// What the JSON report of a run does not have, for `test.mjs`: `outside`, what failed outside of its
// tests; `secondTime`, the tests that passed only when they were tried again.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class NotableReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const name = (module) => relative(process.cwd(), module.moduleId);
    const outside = unhandledErrors.map(({ message, cause, stack }) => {
      const [, at = 'nowhere'] = String(stack).split('\n');
      return `${message}${cause ? ` (${cause.message})` : ''}, ${at.trim()}`;
    });
    const secondTime = [];
    for (const module of modules) {
      const state = module.state();
      if (state !== 'passed' && state !== 'failed')
        outside.push(`${name(module)} is ${state} still`);
      for (const test of module.children.allTests('passed')) {
        if (test.diagnostic()?.flaky) secondTime.push(`${name(module)} › ${test.fullName}`);
      }
    }
    writeFileSync(process.env.DOMUS_NOTABLE, JSON.stringify({ outside, secondTime }));
  }
}
