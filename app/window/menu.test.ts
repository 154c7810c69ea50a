import type { MenuItemConstructorOptions } from 'electron';
import { expect, it } from 'vitest';
import { menuTemplate } from './menu.ts';

const actions = { showWindow: () => undefined, openFolder: () => undefined };

function allItems(items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return items.flatMap((item) => [
    item,
    ...(Array.isArray(item.submenu) ? allItems(item.submenu) : []),
  ]);
}

it.each(['linux', 'win32'] as const)(
  'leaves Control with a letter to consoles on %s',
  (platform) => {
    const items = allItems(menuTemplate(platform, actions));
    const keys = items.flatMap(({ accelerator }) => (accelerator ? [String(accelerator)] : []));
    expect(keys.length).toBeGreaterThan(3);
    expect(keys.filter((key) => /^(Control|CommandOrControl)\+[A-Z]$/.test(key))).toEqual([]);
    // Roles that bring keys of their own have them replaced or not registered.
    const bring = [
      'close',
      'quit',
      'reload',
      'copy',
      'paste',
      'cut',
      'selectAll',
      'undo',
      'redo',
      'minimize',
    ];
    for (const item of items.filter(({ role }) => bring.includes(role ?? ''))) {
      expect(item.accelerator !== undefined || item.registerAccelerator === false).toBe(true);
    }
  },
);

it('has the application’s own menu first on macOS', () => {
  expect(menuTemplate('darwin', actions)[0]).toEqual({ role: 'appMenu' });
});
