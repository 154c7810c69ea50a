const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether a system's error says that there is no room, or none that this process may take. */
export function isNoSpace(error: unknown): boolean {
  return CODES.has((error as { code?: unknown } | null)?.code);
}
