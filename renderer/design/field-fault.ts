import type { Name } from '../../shared/contract/schemas.ts';

/** What is wrong with a name, in the contract's own words; null for a good one. */
export function nameFault(schema: typeof Name, text: string): string | null {
  const result = schema.safeParse(text);
  return result.success ? null : sentence(result.error.issues[0]?.message ?? 'not a name');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
