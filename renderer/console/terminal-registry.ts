import type { Transport } from '../transport/transport.ts';
import { TerminalSession } from './terminal-session.ts';

/** Sessions kept although nobody looks at them; beyond that the one longest unseen goes. */
const KEPT = 16;

/** The terminals of this window, one a domain, made when first looked at. */
export class TerminalRegistry {
  private readonly transport: Transport;
  /** Least recently used first. */
  private readonly sessions = new Map<string, TerminalSession>();
  private readonly shown = new Set<string>();

  constructor(transport: Transport) {
    this.transport = transport;
  }

  show(domain: string, place: HTMLElement): TerminalSession {
    const session = this.sessions.get(domain) ?? new TerminalSession(this.transport, domain);
    this.sessions.delete(domain);
    this.sessions.set(domain, session);
    this.shown.add(domain);
    session.attach(place);
    this.forgetOldest();
    return session;
  }

  hide(domain: string): void {
    this.shown.delete(domain);
    this.sessions.get(domain)?.detach();
  }

  private forgetOldest(): void {
    for (const [domain, session] of this.sessions) {
      if (this.sessions.size <= KEPT) return;
      if (this.shown.has(domain)) continue;
      session.dispose();
      this.sessions.delete(domain);
    }
  }
}
