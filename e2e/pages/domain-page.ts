import type { Locator, Page } from '@playwright/test';

export class DomainPage {
  readonly page: Page;
  readonly article: Locator;

  constructor(page: Page, name: string) {
    this.page = page;
    this.article = page.getByRole('article', { name });
  }

  tab(
    name: 'Console' | 'Overview' | 'Performance' | 'Devices' | 'Checkpoints' | 'Moves' | 'Xen',
  ): Locator {
    return this.article.getByRole('tab', { name });
  }

  button(name: string): Locator {
    return this.article
      .getByRole('banner')
      .or(this.article)
      .getByRole('button', { name, exact: true });
  }

  async choose(menu: string, item: string): Promise<void> {
    await this.article.getByRole('button', { name: menu }).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }
}
