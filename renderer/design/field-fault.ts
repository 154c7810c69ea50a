import type { z } from 'zod';

/** What is wrong with a text, in the contract's own words; null for a good one. */
export function fieldFault(schema: z.ZodType, text: string): string | null {
  const result = schema.safeParse(text);
  return result.success ? null : sentence(result.error.issues[0]?.message ?? 'not possible');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
