/**
 * A copy of a running domain that becomes a machine of its own (`docs/adr/0017-saved-domains.md`).
 *
 * 1. The copy's worker is made ready; two empty overlays over each disk of the original are made.
 * 2. The original's memory goes to the copy round by round; then it stops and the rest goes.
 * 3. The original goes on over the first overlays; the second are the copy's, and the store knows both.
 * 4. The copy runs, without a cable in its interfaces, and gets entropy, name, machine id and time.
 * 5. Its interfaces are taken away, and those of its own definition plugged in.
 *
 * What fails before 3 leaves the original as it was, what fails later leaves it running on its
 * overlays; the copy is gone then.
 */
import { randomUUID } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import type { CloneReport, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { createDiskRing } from '../../dom0/index.ts';
import { newIdentity } from '../agent/identity.ts';
import type { DiskSpec, MoveReport, VifSpec } from '../control/host.contract.ts';
import type { NewOverlay } from '../disks/open-disks.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { hasAddresses, UNASKED } from '../lifecycle/addresses.ts';
import type { NameClaims } from '../lifecycle/create-domain.ts';
import { begin, takeBack as takeBackStart } from '../lifecycle/start-domain.ts';
import { tellTheTime } from '../lifecycle/tell-the-time.ts';
import { planInterfaces } from '../networks/plan-interfaces.ts';
import { newVif } from '../networks/vif-specs.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import { consoleOf, goOn } from '../saving/freeze.ts';
import type { SiteParts } from '../site-parts.ts';
import type { DomainDefinition } from '../store/domain-table.ts';
import { branchDisks } from './branch-disks.ts';
import {
  becameDisks,
  makeOverlays,
  removeOverlays,
  sourcesOf,
  takeBack,
  writtenDisks,
} from './new-overlays.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const FRAME_KIB = 4;
/** It was in the middle of a request to xenstore: a matter of milliseconds. */
const MOST_TRIES = 5;

/** Errors `domain.*`, `checkpoint.disk-outside`, `network.*`; the rest is told by the task. */
export function cloneDomain(
  parts: SiteParts,
  original: ManagedDomain,
  name: string,
  names: NameClaims,
): Task {
  original.requireIdle();
  requireUnprotected(original, 'cloned');
  if (original.state !== 'running') throw wrongState(original.name, original.state, 'cloned');
  parts.domains.requireNameFree(name);
  writtenDisks(original);
  const life = original.worker;
  const release = names.claim(name);
  const title = `Cloning ${original.name} to ${name}`;
  const { host } = life;
  return parts.tasks.start({ kind: 'clone', title, host: host.name }, async (task) => {
    try {
      const { copy, downtimeMs, totalMs } = await original.exclusively(`cloned to ${name}`, () =>
        new Cloning(parts, original, life, name).run(task.about.bind(task)),
      );
      const run = copy.running;
      const { interfaces } = copy.definition;
      const isAddressed = !run || (await hasAddresses(copy, run, interfaces));
      const text = `Domain ${name} was cloned from ${original.name}, which stood still for ${downtimeMs.toFixed(0)} ms.`;
      parts.events.add('info', 'domain.cloned', text, { domain: copy.uuid, host: host.name });
      const report: CloneReport = { name, uuid: copy.uuid, downtimeMs, totalMs };
      const seconds = (totalMs / 1000).toFixed(1);
      const ending = isAddressed ? '' : UNASKED;
      return {
        title: `Cloned ${original.name} to ${name} (${seconds} s)${ending}`,
        result: report,
      };
    } finally {
      release();
    }
  });
}

interface Cloned {
  copy: ManagedDomain;
  downtimeMs: number;
  totalMs: number;
}

class Cloning {
  private readonly parts: SiteParts;
  private readonly original: ManagedDomain;
  private readonly life: RunningDomain;
  private readonly name: string;
  private readonly startedAtMs = performance.now();

  constructor(parts: SiteParts, original: ManagedDomain, life: RunningDomain, name: string) {
    this.parts = parts;
    this.original = original;
    this.life = life;
    this.name = name;
  }

  async run(about: (uuid: string) => void): Promise<Cloned> {
    const { parts, original, life } = this;
    const forOriginal = await makeOverlays(parts, original, life);
    let forCopy: NewOverlay[] = [];
    let copy: ManagedDomain;
    try {
      forCopy = await makeOverlays(parts, original, life);
      copy = parts.domains.introduce(this.define(forCopy));
    } catch (error) {
      await takeBack(parts, [...forOriginal, ...forCopy]);
      throw error;
    }
    about(copy.uuid);
    // From here on they are the copy's, as any domain's are.
    for (const { file } of forCopy) await file.close();
    try {
      return await copy.exclusively('created', () => this.fill(copy, forOriginal, forCopy));
    } catch (error) {
      const sources = sourcesOf(forCopy);
      parts.store.transaction(() => {
        for (const source of sources) parts.store.doomedVolumes.add(source);
        parts.domains.remove(copy);
      });
      await removeOverlays(parts, sources);
      throw error;
    }
  }

  private define(overlays: readonly NewOverlay[]): DomainDefinition {
    const { parts, original, life, name } = this;
    const { definition } = original;
    const asked = definition.interfaces.map(({ network }) => ({ network }));
    const planned = planInterfaces(parts.networks, name, [], asked);
    return {
      ...definition,
      uuid: randomUUID(),
      name,
      host: life.host.name,
      createdAtMs: Date.now(),
      disks: definition.disks.map(
        (disk) => overlays.find((one) => one.definition.name === disk.name)?.definition ?? disk,
      ),
      interfaces: definition.interfaces.map((before, index) => {
        const { handle, mac, address } = planned[index]!;
        return { ...before, handle, mac, address };
      }),
    };
  }

  private async fill(
    copy: ManagedDomain,
    overlays: readonly NewOverlay[],
    forCopy: readonly NewOverlay[],
  ): Promise<Cloned> {
    const { parts, original, life } = this;
    let run: RunningDomain | null = null;
    let isTaken = false;
    try {
      run = begin(parts, copy, life.host, {
        memoryKiB: life.targetKiB,
        maxMemoryKiB: life.maximumKiB,
        heldKiB: life.counters.frames * FRAME_KIB,
      });
      run.spec.disks = this.disksBefore();
      run.spec.interfaces = this.interfacesBefore(copy);
      const sent = await this.send(run);
      isTaken = true; // or taken back
      // Until then the copy's disks lie over what the original writes: after a kill there is no copy.
      const keep = (): void => {
        parts.domains.keep(copy);
        becameDisks(parts, sourcesOf(forCopy));
      };
      const resumedAtMs = await branchDisks(parts, original, life, overlays, async () => keep);
      await this.openDisks(copy, run);
      await this.letGo(copy, run);
      return {
        copy,
        downtimeMs: resumedAtMs - sent.stoppedAtMs,
        totalMs: performance.now() - this.startedAtMs,
      };
    } catch (error) {
      if (!isTaken) await takeBack(parts, overlays);
      if (run) await this.takeBackCopy(copy, run);
      throw error;
    }
  }

  /** The copy is whole, and the original stands still. */
  private async send(run: RunningDomain): Promise<MoveReport> {
    for (let turn = 1; ; turn++) {
      try {
        return await this.sendOnce(run);
      } catch (error) {
        const isBusy = error instanceof DomusError && error.code === 'domain.conversing';
        if (!isBusy || turn === MOST_TRIES) throw error;
      }
    }
  }

  private async sendOnce(run: RunningDomain): Promise<MoveReport> {
    const { life } = this;
    const [{ port1, port2 }, code] = [new MessageChannel(), new MessageChannel()];
    const entered = life.host.link.call(
      'domain.copyIn',
      {
        spec: run.spec,
        link: port2,
        code: code.port2,
        peerDoorbell: life.spec.doorbell,
        identity: 'clone',
        paused: true,
        frames: life.counters.frames,
      },
      { transfer: [port2, code.port2] },
    );
    const sent = life.host.link.call(
      'domain.copyOut',
      {
        domid: life.domid,
        link: port1,
        code: code.port1,
        peerDoorbell: run.spec.doorbell,
        isPaused: false,
        quietly: true,
      },
      { transfer: [port1, code.port1] },
    );
    const [sending, entering] = await Promise.allSettled([sent, entered]);
    if (sending.status === 'rejected') throw sending.reason;
    if (entering.status === 'rejected') {
      await goOn(this.original, life);
      throw entering.reason;
    }
    return sending.value;
  }

  /** What the copy's guest has, before anybody serves it. */
  private disksBefore(): DiskSpec[] {
    return this.life.disks.specs.map((spec) => ({ ...spec, ring: createDiskRing() }));
  }

  /**
   * Those that the original's guest has, until they are taken away: without a cable, so that nobody hears
   * of them, and known to the switch by the copy's addresses, since one MAC has one port.
   */
  private interfacesBefore(copy: ManagedDomain): VifSpec[] {
    const { networks } = this.parts;
    return this.original.definition.interfaces.map((definition, index) => {
      const { mac, address } = copy.definition.interfaces[index]!;
      const vif = newVif({ ...definition, mac, address }, networks.network(definition.network));
      return { ...vif, linkUp: false };
    });
  }

  private async openDisks(copy: ManagedDomain, run: RunningDomain): Promise<void> {
    for (const { name, ring } of run.spec.disks) {
      const definition = copy.definition.disks.find((disk) => disk.name === name);
      if (definition) await run.disks.add(definition, ring);
    }
  }

  /** Steps 4 and 5. */
  private async letGo(copy: ManagedDomain, run: RunningDomain): Promise<void> {
    const { parts, original } = this;
    const { printed } = await consoleOf(parts, original);
    await parts.console.attach(run.spec, 'starting', printed);
    run.onStarted();
    const { link } = run.host;
    await link.call('domain.unpause', { domid: run.domid });
    await run.agent.answers(ANSWER_TIMEOUT_MS);
    await run.agent.takeIdentity(newIdentity(copy.uuid, copy.name));
    tellTheTime(parts, copy, run);
    await this.plugOwnInterfaces(copy, run);
    if (run.isOver) throw ended(copy.name);
    parts.domains.advance(copy, { step: 'started', atMs: Date.now() });
  }

  private async plugOwnInterfaces(copy: ManagedDomain, run: RunningDomain): Promise<void> {
    const { parts } = this;
    const { link } = run.host;
    const { domid } = run;
    const own = copy.definition.interfaces;
    await Promise.all(
      run.spec.interfaces.map(({ handle }) =>
        link.call('domain.detachInterface', { domid, handle }),
      ),
    );
    run.addressesAsked = Promise.all(own.map(({ mac }) => parts.networks.addresses.expect(mac)));
    const vifs = own.map((one) => newVif(one, parts.networks.network(one.network)));
    await Promise.all(vifs.map((vif) => link.call('domain.attachInterface', { domid, vif })));
    run.spec.interfaces = vifs;
    void parts.networks.forwards.adjust('retry');
  }

  private async takeBackCopy(copy: ManagedDomain, run: RunningDomain): Promise<void> {
    if (copy.state === 'starting') return takeBackStart(this.parts, copy, run);
    await run.disks.closeAll();
  }
}

function ended(name: string): DomusError {
  return new DomusError('domain.ended', `Domain ${name} ended while it was made.`, {
    data: { domain: name },
  });
}
