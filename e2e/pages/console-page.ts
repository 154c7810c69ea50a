import { expect, type Locator } from '@playwright/test';

/** A terminal. Its text can be read where the browser has no WebGL: then it is elements. */
export class ConsolePage {
  readonly place: Locator;
  readonly input: Locator;
  readonly screen: Locator;

  constructor(place: Locator) {
    this.place = place;
    this.input = place.getByRole('textbox', { name: 'Terminal input' });
    this.screen = place.locator('.xterm-rows');
  }

  async connected(): Promise<void> {
    await expect(this.place.getByText('Connected', { exact: true })).toBeVisible();
  }

  async type(line: string): Promise<void> {
    await this.input.focus();
    await this.input.page().keyboard.type(`${line}\n`);
  }

  async search(text: string): Promise<Locator> {
    await this.input.focus();
    await this.input.page().keyboard.press('Control+Shift+F');
    const bar = this.place.getByRole('search');
    await bar.getByRole('textbox').fill(text);
    return bar.getByRole('status');
  }
}
