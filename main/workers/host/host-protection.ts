/** Continuous protection on a host: of its domains, and as the place of others' standbys. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { LinkEnd } from '../../migration/index.ts';
import type { LinkOutlet, Pace } from '../../migration/index.ts';
import type { DomainSpec, HostCalls } from '../../toolstack/control/host.contract.ts';
import type { StartedDomain } from '../domain/domain.contract.ts';
import { HostedDomain } from './hosted-domain.ts';

const FLOW = 'checkpoints';

export interface HostProtectionParts {
  hostName: string;
  /** All that leaves the host. */
  outlet: LinkOutlet;
  pace: Pace;
  /** @throws DomusError `domain.not-here` */
  domain(domid: number): HostedDomain;
  add(spec: DomainSpec): HostedDomain;
  /** What is done with a domain that may fail: then nothing of it stays. */
  orDiscard(domain: HostedDomain, step: (domain: HostedDomain) => Promise<void>): Promise<void>;
  /** Forgets a domain and gives back what it has. */
  discard(domid: number): Promise<void>;
}

interface Standby {
  started: Promise<StartedDomain>;
  link: LinkEnd;
}

export class HostProtection {
  private readonly parts: HostProtectionParts;
  private readonly standbys = new Map<number, Standby>();
  /** Those of protected domains. */
  private readonly links = new Map<number, LinkEnd>();

  constructor(parts: HostProtectionParts) {
    this.parts = parts;
  }

  /** `protection.prepare` */
  async prepare({
    spec,
    link: wire,
    code,
  }: HostCalls['protection.prepare']['params']): Promise<void> {
    const { add, orDiscard, hostName } = this.parts;
    await orDiscard(add(spec), async (domain) => {
      // All that it may ever have: a standby is not refused when it is needed.
      domain.reserve(HostedDomain.framesOf(spec.maxMemoryKiB), hostName);
      // The domain's own is rung for the one that runs.
      const doorbell = new Doorbell();
      const { port, link } = this.attach(wire, doorbell);
      const origin = { kind: 'standby', link: port, code, doorbell: doorbell.buffer } as const;
      const started = domain.start(origin);
      started.catch(() => undefined); // told by `protection.takeOver`
      this.standbys.set(spec.domid, { started, link });
      await Promise.race([domain.prepared(), started]);
    });
  }

  /** `protection.begin` */
  async begin({
    domid,
    link: wire,
    code,
    intervalMs,
  }: HostCalls['protection.begin']['params']): Promise<void> {
    const domain = this.parts.domain(domid);
    const { port, link } = this.attach(wire, new Doorbell(domain.spec.doorbell));
    this.links.set(domid, link);
    void domain.handle.exited.then(() => this.drop(domid, link));
    try {
      await domain.protect({ link: port, code }, this.parts.pace, intervalMs);
    } catch (error) {
      await this.end(domid).catch(() => undefined);
      throw error;
    }
  }

  /** `protection.end` */
  async end(domid: number): Promise<void> {
    try {
      await this.parts.domain(domid).unprotect();
    } finally {
      const link = this.links.get(domid);
      if (link) this.drop(domid, link);
    }
  }

  private drop(domid: number, link: LinkEnd): void {
    link.close();
    if (this.links.get(domid) === link) this.links.delete(domid);
  }

  /** `protection.takeOver` */
  async takeOver({
    domid,
    spec,
  }: HostCalls['protection.takeOver']['params']): Promise<{ startedAtMs: number }> {
    const standby = this.standbys.get(domid);
    if (!standby) {
      throw new DomusError('protection.no-standby', `there is no standby of domain ${domid} here`);
    }
    const domain = this.parts.domain(domid);
    // What has arrived until now counts; more will not come.
    this.forget(domid);
    await standby.started;
    Object.assign(domain.spec, spec);
    domain.devices.prepare();
    return domain.arrive();
  }

  /** `protection.discard` */
  async discard(domid: number): Promise<void> {
    this.forget(domid);
    await this.parts.discard(domid);
  }

  private forget(domid: number): void {
    this.standbys.get(domid)?.link.close();
    this.standbys.delete(domid);
  }

  private attach(wire: MessagePort, doorbell: Doorbell): { port: MessagePort; link: LinkEnd } {
    const link = new LinkEnd(wire, { peerName: 'the other host', outlet: this.parts.outlet });
    const { port1, port2 } = new MessageChannel();
    link.attach(FLOW, port1, doorbell);
    return { port: port2, link };
  }
}
