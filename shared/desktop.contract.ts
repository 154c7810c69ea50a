/**
 * What stands between the desktop shell and the window: one object, `window.domus`, that the
 * preload script hands over, and the messages that carry ports. Everything else (the API, console
 * bytes) goes through those ports, so that the preload stays as small as this file.
 *
 * Ports arrive as `message` events on the window, `event.source === window`, with a
 * {@link DesktopPortMessage} as data and one port in `event.ports`. The port is not started.
 */
export interface DesktopBridge {
  /**
   * Asks for a port to the API. It arrives as `{ kind: 'domus-port' }`; the shell may also send one
   * unasked, after the toolstack started anew: a later port replaces an earlier one.
   */
  openApi(): void;
  /**
   * Asks for a port to a domain's console, spoken as in `console-protocol.ts`, one `Uint8Array` a
   * message.
   *
   * @returns the id under which the port arrives, as `{ kind: 'domus-console-port', id }`.
   */
  openConsole(domain: string): string;
}

export type DesktopPortMessage =
  { readonly kind: 'domus-port' } | { readonly kind: 'domus-console-port'; readonly id: string };

/** The message if it is one of ours, else null: anything may post messages to a window. */
export function desktopPortMessage(data: unknown): DesktopPortMessage | null {
  if (typeof data !== 'object' || data === null || !('kind' in data)) return null;
  if (data.kind === 'domus-port') return { kind: 'domus-port' };
  if (data.kind !== 'domus-console-port' || !('id' in data)) return null;
  return typeof data.id === 'string' ? { kind: 'domus-console-port', id: data.id } : null;
}
