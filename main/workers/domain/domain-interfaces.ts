/** The network back ends of a domain, in its thread. */
import { DomusError } from '../../../shared/errors.ts';
import { FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { VifRings } from '../../dom0/index.ts';
import { VifBackend } from '../../dom0/index.ts';
import type { BackendPort, Domain, GrantMapping } from '../../hypervisor/index.ts';
import { DomainCounter } from '../../hypervisor/index.ts';
import type { VifSpec } from '../../toolstack/control/host.contract.ts';

const DOMAIN_0 = 0;
/** Refused packets of one connection that are told one by one. */
const FAULTS_TOLD = 5;

interface Interface {
  spec: VifSpec;
  out: FrameProducer;
  into: FrameConsumer;
  backend: VifBackend | null;
}

export class DomainInterfaces {
  private readonly domain: Domain;
  private readonly log: (message: string) => void;
  private readonly interfaces = new Map<number, Interface>();

  constructor(domain: Domain, log: (message: string) => void) {
    this.domain = domain;
    this.log = log;
  }

  add(spec: VifSpec): void {
    this.interfaces.set(spec.handle, {
      spec,
      out: new FrameProducer(spec.sent),
      into: new FrameConsumer(spec.received),
      backend: null,
    });
  }

  /** @throws DomusError `device.bad-front-end` when the guest has no such rings or ports */
  connect(handle: number, rings: VifRings): void {
    const vif = this.numbered(handle);
    if (vif.backend) throw badFrontEnd(handle, 'it is connected already');
    const [tx, rx] = this.map(handle, [rings.txRef, rings.rxRef]);
    const service = (): void => vif.backend?.serviceCall();
    const txPort = this.domain.events.connect(rings.txPort, service);
    const isOne = rings.rxPort === rings.txPort;
    const rxPort = isOne ? txPort : this.domain.events.connect(rings.rxPort, service);
    if (!txPort || !rxPort) {
      for (const port of [txPort, rxPort]) port?.close();
      for (const mapping of [tx!, rx!]) this.domain.grants.unmap(mapping);
      throw badFrontEnd(handle, `it has no ports ${rings.txPort} and ${rings.rxPort} for domain 0`);
    }
    vif.backend = this.backend(vif, tx!, rx!, txPort, rxPort);
    vif.backend.service();
  }

  disconnect(handle: number): void {
    const vif = this.interfaces.get(handle);
    vif?.backend?.close();
    if (vif) vif.backend = null;
  }

  remove(handle: number): void {
    this.interfaces.delete(handle);
  }

  /** What the guest has sent, to be taken by its switch. */
  get sent(): FrameProducer[] {
    return [...this.interfaces.values()].map(({ out }) => out);
  }

  /** After a ring of the doorbell. */
  service(): void {
    for (const { backend } of this.interfaces.values()) backend?.service();
  }

  /** After a slice. */
  afterSlice(): void {
    for (const { backend } of this.interfaces.values()) backend?.tellSent();
  }

  private backend(
    { spec, out, into }: Interface,
    tx: GrantMapping,
    rx: GrantMapping,
    txPort: BackendPort,
    rxPort: BackendPort,
  ): VifBackend {
    const { memory, grants, counters } = this.domain;
    let faults = 0;
    return new VifBackend(
      {
        memory,
        grants,
        backendDomid: DOMAIN_0,
        out,
        into,
        onFault: (what) => {
          counters.values[DomainCounter.guestFaults]! += 1;
          if (++faults > FAULTS_TOLD) return;
          const last = faults === FAULTS_TOLD ? '; further ones are only counted' : '';
          this.log(`the guest's interface ${spec.handle}: ${what}${last}`);
        },
        onBroken: (what) => {
          counters.values[DomainCounter.guestFaults]! += 1;
          this.log(`the guest broke the rings of its interface ${spec.handle}: ${what}`);
        },
      },
      { tx, rx, txPort, rxPort },
    );
  }

  private map(handle: number, refs: readonly number[]): GrantMapping[] {
    const mapped: GrantMapping[] = [];
    for (const ref of refs) {
      const mapping = this.domain.grants.map(ref, DOMAIN_0, true);
      if (typeof mapping === 'number') {
        for (const each of mapped) this.domain.grants.unmap(each);
        throw badFrontEnd(handle, `it does not grant the page ${ref} of a ring`);
      }
      mapped.push(mapping);
    }
    return mapped;
  }

  private numbered(handle: number): Interface {
    const vif = this.interfaces.get(handle);
    if (vif) return vif;
    throw new DomusError('interface.not-attached', `the domain has no interface ${handle}`);
  }
}

function badFrontEnd(handle: number, what: string): DomusError {
  return new DomusError(
    'device.bad-front-end',
    `the guest's driver of interface ${handle}: ${what}`,
  );
}
