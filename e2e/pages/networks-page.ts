import type { Locator, Page } from '@playwright/test';

/** The map, and the lists below it. */
export class NetworksPage {
  readonly page: Page;
  readonly map: Locator;

  constructor(page: Page) {
    this.page = page;
    this.map = page.getByRole('group', { name: /^Map of networks/ });
  }

  guest(name: string): Locator {
    return this.map.getByRole('link', { name: new RegExp(`^${name}, `) });
  }

  row(network: string): Locator {
    return this.page
      .getByRole('region', { name: 'Networks' })
      .getByRole('row', { name: new RegExp(`^${network} `) });
  }

  async showAsTable(): Promise<Locator> {
    await this.page.getByText('Table', { exact: true }).click();
    return this.page.getByRole('grid', { name: 'Interfaces' });
  }
}
