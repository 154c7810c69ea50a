import type { Domain, Task } from '../../shared/contract/index.ts';
import type { Context } from './context.ts';
import { finished } from './task-result.ts';

/** Waits for a task about a domain, prints `sentence`, and with `--json` the domain as it is then. */
export async function domainAfter(
  context: Context,
  begun: Task,
  sentence: (domain: Domain) => string,
): Promise<void> {
  const task = await finished(context, begun);
  const domain = await (await context.site()).domains.get({ domain: task.domain ?? '' });
  await context.output.result(domain, () => sentence(domain));
}
