import type { Locator } from '@playwright/test';

/** A move's rounds: the panel below a page, or the pane of a domain's history. */
export class MovePage {
  readonly root: Locator;
  readonly chart: Locator;
  readonly table: Locator;
  readonly cancel: Locator;
  readonly close: Locator;

  constructor(root: Locator) {
    this.root = root;
    this.chart = root.getByRole('slider', { name: /^Rounds of the move/ });
    this.table = root.getByRole('table', { name: /^Rounds of the move/ });
    this.cancel = root.getByRole('button', { name: 'Cancel', exact: true });
    this.close = root.getByRole('button', { name: 'Close' });
  }

  async lookAs(name: 'Chart' | 'Table'): Promise<void> {
    await this.root.getByText(name, { exact: true }).click();
  }

  /** A row of the table that screen readers have beside the chart. */
  row(name: string | RegExp): Locator {
    return this.table.getByRole('row', { name });
  }

  /** Settles when it went well. */
  async ended(): Promise<void> {
    await this.row(/^Stop/).waitFor({ state: 'attached' });
  }
}
