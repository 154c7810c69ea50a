import type { Locator } from '@playwright/test';

/** The devices' tab of a domain: the list at the left, one device at the right. */
export class DevicesPage {
  readonly place: Locator;
  readonly list: Locator;

  constructor(domain: Locator) {
    this.place = domain;
    this.list = domain.getByRole('listbox', { name: /^Devices of/ });
  }

  item(device: string): Locator {
    return this.list.getByRole('option', { name: device });
  }

  async choose(device: string): Promise<void> {
    await this.item(device).click();
  }

  /** What the pane shows: `xvda`, `eth0`, `Add disk`, `Add interface`. */
  pane(name: string): Locator {
    return this.place.getByRole('article', { name, exact: true });
  }

  async add(what: 'Add disk' | 'Add interface'): Promise<Locator> {
    await this.place.getByRole('button', { name: what }).click();
    return this.pane(what);
  }

  /** One value of the pane, with when it holds. */
  fact(name: string): Locator {
    return this.place
      .locator('dl > div')
      .filter({ has: this.place.page().getByText(name, { exact: true }) });
  }
}
