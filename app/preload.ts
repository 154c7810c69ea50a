/**
 * The whole of what a page gets from the desktop shell: two requests for ports. It runs in the
 * page's process, in a world of its own, and is bundled as CommonJS (a sandboxed preload script
 * can be nothing else).
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { DesktopBridge, DesktopPortMessage } from '../shared/desktop.contract.ts';
import { IpcChannel } from './ports/ipc.contract.ts';

const bridge: DesktopBridge = {
  openApi() {
    ipcRenderer.send(IpcChannel.openApi);
  },
  openConsole(domain) {
    const id = crypto.randomUUID();
    ipcRenderer.send(IpcChannel.openConsole, { domain: String(domain), id });
    return id;
  },
};

// A port cannot pass the context bridge; a message event of the window carries it over.
ipcRenderer.on(IpcChannel.port, (event, message: DesktopPortMessage) => {
  window.postMessage(message, window.location.origin, [...event.ports]);
});
contextBridge.exposeInMainWorld('domus', bridge);
