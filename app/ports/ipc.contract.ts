/**
 * Messages between the preload script and the main process. There are two requests, and one answer
 * that carries a port; what is said over the port is neither side's business.
 */
export const IpcChannel = {
  openApi: 'domus:open-api',
  openConsole: 'domus:open-console',
  /** To the preload script: a `DesktopPortMessage` and one port. */
  port: 'domus:port',
} as const;

export interface ConsoleRequest {
  /** Name or UUID. */
  readonly domain: string;
  /** Chosen by the preload script; the answer repeats it. */
  readonly id: string;
}

const MAX_DOMAIN_LENGTH = 63;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The request if it is one, else null. Unknown fields are dropped. */
export function parseConsoleRequest(payload: unknown): ConsoleRequest | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const { domain, id } = payload as Record<string, unknown>;
  if (typeof domain !== 'string' || domain === '' || domain.length > MAX_DOMAIN_LENGTH) return null;
  return typeof id === 'string' && UUID.test(id) ? { domain, id } : null;
}
