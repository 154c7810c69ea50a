import { DomusError } from '../../../shared/errors.ts';

/** How a flow over a link can fail. */
export type LinkErrorCode =
  | 'link.cut'
  | 'link.no-flow'
  | 'link.end-gone'
  | 'link.stalled'
  | 'link.out-of-order'
  | 'link.over';

export function linkError(
  code: LinkErrorCode,
  what: string,
  data: Record<string, unknown> = {},
): DomusError {
  return new DomusError(code, what, { data });
}
