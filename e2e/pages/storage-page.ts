import type { Locator, Page } from '@playwright/test';

/** Pools at the left, the volumes of one at the right. */
export class StoragePage {
  readonly page: Page;
  readonly pools: Locator;
  readonly transfers: Locator;

  constructor(page: Page) {
    this.page = page;
    this.pools = page.getByRole('listbox', { name: 'Pools' });
    this.transfers = page.getByRole('list', { name: 'Uploads and downloads' });
  }

  async choose(pool: string): Promise<void> {
    await this.pools.getByRole('option', { name: pool }).click();
  }

  pane(pool: string): Locator {
    return this.page.getByRole('region', { name: pool, exact: true });
  }

  volume(name: string): Locator {
    return this.page.getByRole('main').getByRole('row', { name, exact: true });
  }

  async openMenu(volume: string): Promise<void> {
    await this.volume(volume)
      .getByRole('button', { name: `More for ${volume}` })
      .click();
  }

  async chooseFromMenu(volume: string, item: string): Promise<void> {
    await this.openMenu(volume);
    await this.page.getByRole('menuitem', { name: item }).click();
  }
}
