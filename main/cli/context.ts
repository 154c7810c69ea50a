/** What a command works with: where its home is, a client of the daemon, and where it prints. */
import type { DomusClient, Home, SiteApi } from '../api/client/index.ts';
import type { Output } from './terminal/output.ts';

export class Context implements Disposable {
  readonly output: Output;
  /** Of Domus, `1.2.3`. */
  readonly version: string;
  private readonly chosenHome: string | undefined;
  private opened: DomusClient | null = null;

  /** `home` as typed: `DOMUS_HOME` or the platform's folder stand in for none. */
  constructor(output: Output, home: string | undefined, version: string) {
    this.output = output;
    this.chosenHome = home;
    this.version = version;
  }

  get json(): boolean {
    return this.output.json;
  }

  /** For what resolves the home by itself. */
  get homeOption(): string | undefined {
    return this.chosenHome;
  }

  async home(): Promise<Home> {
    const { resolveHome } = await import('../api/client/index.ts');
    return resolveHome({ home: this.chosenHome });
  }

  async client(): Promise<DomusClient> {
    const { connectHome } = await import('../api/client/index.ts');
    this.opened ??= connectHome(await this.home());
    return this.opened;
  }

  /** Every call of the API. */
  async site(): Promise<SiteApi> {
    return (await this.client()).site;
  }

  [Symbol.dispose](): void {
    this.opened?.close();
  }
}
