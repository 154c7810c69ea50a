import type { Locator, Page } from '@playwright/test';
import { ConsolePage } from './console-page.ts';
import { DevicesPage } from './devices-page.ts';
import { DomainPage } from './domain-page.ts';
import { MovePage } from './move-page.ts';
import { NetworksPage } from './networks-page.ts';
import { StoragePage } from './storage-page.ts';

/** The site view: host cards with their domains, the tree beside them, the strip below. */
export class SitePage {
  readonly page: Page;
  readonly search: Locator;
  readonly tree: Locator;
  readonly strip: Locator;
  readonly notices: Locator;

  constructor(page: Page) {
    this.page = page;
    this.search = page.getByRole('searchbox', { name: 'Search domains' });
    this.tree = page.getByRole('treegrid', { name: 'Hosts and domains' });
    this.strip = page.locator('footer[data-region]');
    this.notices = page.getByRole('region', { name: 'Notices' });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByRole('main').waitFor();
  }

  host(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  row(domain: string): Locator {
    return this.page.getByRole('main').getByRole('row', { name: new RegExp(`^${domain}, `) });
  }

  memory(domain: string): Locator {
    return this.page.getByRole('slider', { name: `Memory of ${domain}` });
  }

  async openDomain(name: string): Promise<DomainPage> {
    await this.tree.getByRole('row', { name: new RegExp(`^${name}, `) }).click();
    return new DomainPage(this.page, name);
  }

  async openConsole(name: string): Promise<ConsolePage> {
    await this.openDomain(name);
    return new ConsolePage(this.page.getByRole('article', { name }));
  }

  /** The devices of a domain, at its first or at the one that is asked for. */
  async openDevices(name: string, device?: string): Promise<DevicesPage> {
    const domain = await this.openDomain(name);
    await domain.tab('Devices').click();
    const devices = new DevicesPage(domain.article);
    if (device !== undefined) await devices.choose(device);
    return devices;
  }

  async openStorage(pool?: string): Promise<StoragePage> {
    await this.page.getByRole('link', { name: 'Storage' }).click();
    const storage = new StoragePage(this.page);
    if (pool !== undefined) await storage.choose(pool);
    return storage;
  }

  async openNetworks(): Promise<NetworksPage> {
    await this.page.getByRole('link', { name: 'Networks' }).click();
    return new NetworksPage(this.page);
  }

  async chooseFromRowMenu(domain: string, item: string): Promise<void> {
    await this.row(domain)
      .getByRole('button', { name: `More for ${domain}` })
      .click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** A host, or what else a row's menu offers to move it with. */
  async chooseToMove(domain: string, item: string): Promise<void> {
    await this.row(domain)
      .getByRole('button', { name: `More for ${domain}` })
      .click();
    await this.page.getByRole('menuitem', { name: 'Move to' }).hover();
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** What opens by itself when a domain is moved here. */
  movePanel(domain: string): MovePage {
    return new MovePage(this.page.getByRole('region', { name: `Move of ${domain}` }));
  }

  /** Takes a domain's row to a host's card with the mouse, and holds it there. */
  async dragOver(domain: string, host: string): Promise<void> {
    const row = await boxOf(this.row(domain));
    const card = await boxOf(this.host(host));
    const { mouse } = this.page;
    await mouse.move(row.x + 120, row.y + row.height / 2);
    await mouse.down();
    await mouse.move(row.x + 140, row.y + row.height, { steps: 4 });
    await mouse.move(card.x + card.width / 2, card.y + 60, { steps: 8 });
  }

  async drop(): Promise<void> {
    await this.page.mouse.up();
  }
}

async function boxOf(
  locator: Locator,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error(`${String(locator)} is not on the screen`);
  return box;
}
