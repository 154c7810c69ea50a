/** The links of a terminal's text (OSC 8). */
import type { Core } from './internals.ts';

/** What other terminals take, too. A longer one is drawn as it looks, and leads nowhere. */
const MAX_URI_LENGTH = 2083;

export const CLOSE_LINK = '\x1b]8;;\x1b\\';

export class Links {
  private readonly service: Core['_oscLinkService'];

  constructor(core: Core) {
    this.service = core._oscLinkService;
  }

  /** The sequence that opens this link; empty for none, and for one that cannot be drawn. */
  opening(urlId: number): string {
    const link = urlId === 0 ? undefined : this.service.getLinkData(urlId);
    if (!link || (link.id?.length ?? 0) + link.uri.length > MAX_URI_LENGTH) return '';
    return `\x1b]8;${link.id === undefined ? '' : `id=${link.id}`};${link.uri}\x1b\\`;
  }
}
