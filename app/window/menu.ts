import type { MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  showWindow(): void;
  openFolder(folder: 'home' | 'logs'): void;
}

/**
 * The application's menu. Outside macOS it leaves Control with a letter alone: a console needs
 * those keys (Control-W deletes a word, Control-R searches, Control-C interrupts), and text fields
 * have their editing keys from Chromium.
 */
export function menuTemplate(
  platform: NodeJS.Platform,
  actions: MenuActions,
): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    fileMenu(isMac, actions),
    isMac ? { role: 'editMenu' } : editMenu(),
    viewMenu(isMac),
    {
      role: 'windowMenu',
      ...(isMac ? {} : { submenu: [{ role: 'minimize', registerAccelerator: false }] }),
    },
    {
      role: 'help',
      submenu: [
        { label: 'Open the home folder', click: () => actions.openFolder('home') },
        { label: 'Open the log files', click: () => actions.openFolder('logs') },
      ],
    },
  ];
}

function fileMenu(isMac: boolean, { showWindow }: MenuActions): MenuItemConstructorOptions {
  return {
    label: 'File',
    submenu: [
      { label: 'Show window', click: showWindow },
      { role: 'close', accelerator: isMac ? 'Command+W' : 'Control+Shift+W' },
      ...(isMac
        ? []
        : ([{ type: 'separator' }, { role: 'quit', accelerator: 'Control+Shift+Q' }] as const)),
    ],
  };
}

function editMenu(): MenuItemConstructorOptions {
  const roles = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
  return {
    label: 'Edit',
    submenu: roles.map((role) => ({ role, registerAccelerator: false })),
  };
}

function viewMenu(isMac: boolean): MenuItemConstructorOptions {
  const modifier = isMac ? 'Command' : 'Control+Shift';
  return {
    label: 'View',
    submenu: [
      { role: 'reload', accelerator: isMac ? 'Command+R' : 'Control+Shift+F5' },
      { role: 'toggleDevTools', accelerator: isMac ? 'Alt+Command+I' : 'F12' },
      { type: 'separator' },
      { role: 'resetZoom', accelerator: `${modifier}+0` },
      { role: 'zoomIn', accelerator: `${modifier}+Plus` },
      { role: 'zoomOut', accelerator: `${modifier}+-` },
      { type: 'separator' },
      { role: 'togglefullscreen' },
    ],
  };
}
