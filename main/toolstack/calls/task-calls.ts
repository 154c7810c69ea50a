/** `tasks.*` of the contract. */
import type { TaskBook } from '../tasks/task-book.ts';
import type { SiteApi } from './site-api.ts';

export function taskCalls(tasks: TaskBook): SiteApi['tasks'] {
  return {
    list: async ({ limit }) => tasks.list(limit),
    wait: async ({ id }, options) => tasks.wait(id, options?.signal),
    follow: async ({ id }, options) => tasks.follow(id, options?.signal),
    cancel: async ({ id }) => tasks.cancel(id),
  };
}
