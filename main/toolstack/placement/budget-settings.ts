/** The process budget as a person sets it, in the environment. */
import { DomusError } from '../../../shared/errors.ts';
import type { BudgetSettings } from './process-budget.ts';

/** `DOMUS_BUDGET_MIB` and `DOMUS_MAX_DOMAINS`. Error `settings.invalid`. */
export function budgetFromEnvironment(env: Record<string, string | undefined>): BudgetSettings {
  return {
    limitMiB: wholeNumber(env, 'DOMUS_BUDGET_MIB'),
    maxDomains: wholeNumber(env, 'DOMUS_MAX_DOMAINS'),
  };
}

function wholeNumber(env: Record<string, string | undefined>, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new DomusError(
    'settings.invalid',
    `${name} is to be a whole number above 0, not ${JSON.stringify(text)}.`,
    { data: { name, value: text } },
  );
}
