/** What a front end wrote into its directory: the guest's words, each checked where it is read. */
import { DomusError } from '../../../shared/errors.ts';

const DECIMAL = /^\d{1,10}$/;
const MAX_U32 = 0xffff_ffff;

export class FrontendNodes {
  private readonly read: (leaf: string) => string | undefined;
  private readonly device: string;

  /** @param device what it is called in errors: `vbd 51712` */
  constructor(device: string, read: (leaf: string) => string | undefined) {
    this.device = device;
    this.read = read;
  }

  text(leaf: string): string | undefined {
    return this.read(leaf);
  }

  flag(leaf: string): boolean {
    return this.read(leaf) === '1';
  }

  has(leaf: string): boolean {
    return this.read(leaf) !== undefined;
  }

  /** A decimal number of 32 bits. @throws DomusError `device.bad-front-end` */
  number(leaf: string): number {
    const text = this.read(leaf);
    const value = text !== undefined && DECIMAL.test(text) ? Number(text) : NaN;
    if (value <= MAX_U32) return value;
    throw this.bad(
      `its "${leaf}" is ${text === undefined ? 'missing' : JSON.stringify(text.slice(0, 40))}`,
    );
  }

  bad(what: string): DomusError {
    return new DomusError('device.bad-front-end', `the guest's driver of ${this.device}: ${what}`);
  }
}
