import type { DesktopBridge } from '../../shared/desktop.contract.ts';
import { openBrowserTransport } from './browser-transport.ts';
import { openDesktopTransport } from './desktop-transport.ts';
import { takeToken } from './token.ts';
import type { Transport } from './transport.ts';

declare global {
  interface Window {
    /** There only in the desktop application. */
    readonly domus?: DesktopBridge;
  }
}

export function openTransport(): Transport {
  if (window.domus !== undefined) return openDesktopTransport(window.domus);
  return openBrowserTransport(takeToken(window));
}
