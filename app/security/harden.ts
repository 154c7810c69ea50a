/** Closes what Electron leaves open by default. Called before any page is loaded. */
import { shell } from 'electron';
import type { Session, WebContents } from 'electron';
import { isOurPage } from '../origin.ts';
import { externalAddress, mayLoad } from './navigation-policy.ts';
import { isGranted } from './permission-policy.ts';

export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const ourPage = isOurPage(details.requestingUrl) && isOurPage(contents.getURL());
    callback(isGranted(permission, { ourPage, mainFrame: details.isMainFrame }));
  });
  session.setPermissionCheckHandler((_contents, permission, origin, details) =>
    isGranted(permission, { ourPage: isOurPage(origin), mainFrame: details.isMainFrame }),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !mayLoad(url) }));
  session.on('will-download', (event) => event.preventDefault());
}

export function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const address = externalAddress(url);
    if (address !== null) void shell.openExternal(address);
    return { action: 'deny' };
  });
}
