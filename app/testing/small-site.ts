import { DomusError } from '../../shared/errors.ts';
import type { Site } from '../ports/site.ts';
import { FarEnd } from './links.ts';

/** A site with one domain, `web1`, whose links end in the test. */
export class SmallSite implements Site {
  readonly folders = { home: '/home/domus', logs: '/home/domus/log' };
  readonly apiLinks: FarEnd[] = [];
  readonly consoleLinks: FarEnd[] = [];
  running = 0;
  stops = 0;
  /** A thread of its does not end. */
  isStuck = false;
  private readonly failure = Promise.withResolvers<DomusError>();
  readonly failed = this.failure.promise;
  private readonly end = Promise.withResolvers<void>();
  readonly ended = this.end.promise;

  openApi(): FarEnd['connect'] {
    return connectNew(this.apiLinks);
  }

  openConsole(domain: string): Promise<FarEnd['connect']> {
    return domain === 'web1'
      ? Promise.resolve(connectNew(this.consoleLinks))
      : refuse('domain.unknown', `There is no domain "${domain}".`);
  }

  runningDomains(): Promise<number> {
    return Promise.resolve(this.running);
  }

  fail(code: string, message: string): void {
    this.failure.resolve(new DomusError(code, message));
  }

  /** A client shuts it down. */
  shutDown(): void {
    this.end.resolve();
  }

  stop(): Promise<boolean> {
    this.stops++;
    this.end.resolve();
    return Promise.resolve(!this.isStuck);
  }
}

function connectNew(links: FarEnd[]): FarEnd['connect'] {
  const end = new FarEnd();
  links.push(end);
  return end.connect;
}

export function refuse(code: string, message: string): Promise<never> {
  return Promise.reject(new DomusError(code, message));
}
