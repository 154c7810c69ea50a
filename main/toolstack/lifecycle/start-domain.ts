/**
 * From a definition to a guest that answers: a clone of the image's golden snapshot, or a boot.
 * What fails on the way leaves nothing: no worker, no frames, no rings, no xenstore node.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { ColdBoot } from '../control/host.contract.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import { RunningDomain } from '../domains/running-domain.ts';
import type { Ending } from '../domains/running-domain.ts';
import { buildGolden } from '../golden/golden-builder.ts';
import type { GoldenSnapshot } from '../golden/golden-file.ts';
import type { LoadedSnapshot } from '../golden/golden-library.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import type { BootableImage } from '../image-source.ts';
import type { SiteParts } from '../site-parts.ts';
import type { BootMode } from '../store/domain-table.ts';
import { unlessAborted } from '../streams/waiting.ts';
import type { RunningTask } from '../tasks/task.ts';
import { meet } from './first-contact.ts';
import { openDisks } from './disks.ts';
import { newVifs } from './interfaces.ts';
import type { Given } from './given.ts';
import { kernelCommandLine } from './kernel-words.ts';

export interface StartOptions {
  mode: BootMode;
  /** Told of each step, and asked whether to go on. */
  task: Pick<RunningTask, 'progress' | 'signal'>;
}

/**
 * Starts `domain` on the host of its definition and settles when its guest answers. The caller
 * holds the domain for itself. Errors: `domain.wrong-state`, `host.down`, `host.out-of-memory`,
 * `budget.*`, `disk.*`, `golden.failed`, `image.*`, `domain.start-failed`; then the domain is what it was.
 */
export async function startDomain(
  parts: SiteParts,
  domain: ManagedDomain,
  options: StartOptions,
): Promise<void> {
  const host = parts.hosts.get(domain.definition.host);
  const run = begin(parts, domain, host);
  try {
    // Before anything that takes long: a disk that cannot be had is said at once.
    await orEnded(domain, run, openDisks(parts, domain, run), options.task.signal);
    plugInterfaces(parts, domain, run);
    const given = await provide(parts, domain, run, options);
    const { signal } = options.task;
    await orEnded(domain, run, enter(parts, run, given, signal), signal);
    run.onStarted();
    options.task.progress(0.7, 'waiting for the guest to answer');
    const contact = meet(parts, domain, run, given);
    await orEnded(domain, run, contact, signal);
    if (run.isOver) throw startFailed(domain.name, await run.ended);
    parts.domains.advance(domain, { step: 'started', atMs: Date.now() });
    parts.events.add('info', 'domain.started', `Domain ${domain.name} started on ${host.name}.`, {
      domain: domain.uuid,
      host: host.name,
    });
  } catch (error) {
    await takeBack(parts, domain, run);
    throw error;
  }
}

/** What a life that goes on has had. */
export interface EarlierLife {
  domid: number;
  memoryKiB: number;
  maxMemoryKiB: number;
  /** What it held; one that boots begins with all of its maximum. */
  heldKiB: number;
}

/** Reserves what it needs and takes the first step; nothing has happened yet outside this thread. */
export function begin(
  parts: SiteParts,
  domain: ManagedDomain,
  host: SiteHost,
  earlier: Partial<EarlierLife> = {},
): RunningDomain {
  const { uuid, name } = domain.definition;
  const { memoryKiB, maxMemoryKiB } = { ...domain.definition, ...earlier };
  void host.link; // it must be up
  const admission = parts.budget.admit(memoryKiB, name);
  let release: () => void = () => {};
  try {
    release = host.ledger.reserve(earlier.heldKiB ?? maxMemoryKiB, name);
    const domid = earlier.domid ?? parts.domains.newDomid();
    const run = new RunningDomain(
      { uuid, name, domid, memoryKiB, maxMemoryKiB },
      host,
      parts.disks,
    );
    run.onStarted = () => (release(), admission.settled());
    run.onEnd = () => (release(), admission.ended());
    domain.running = run;
    parts.domains.advance(domain, { step: 'start', alive: { domid, startedAtMs: 0 } });
    return run;
  } catch (error) {
    release();
    admission.ended();
    domain.running = null;
    throw error;
  }
}

/** The guest finds them when it looks, or, a clone, as they come. */
export function plugInterfaces(parts: SiteParts, domain: ManagedDomain, run: RunningDomain): void {
  run.spec.interfaces = newVifs(parts, domain);
  const { addresses, forwards } = parts.networks;
  run.addressesAsked = Promise.all(run.spec.interfaces.map(({ mac }) => addresses.expect(mac)));
  void forwards.adjust('retry');
}

async function provide(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  { mode, task }: StartOptions,
): Promise<Given> {
  task.progress(null, 'loading the image');
  const image = await unlessAborted(parts.images.load(domain.definition.image), task.signal);
  // Without an agent nothing could give a clone its identity. What a snapshot knows of a mounted disk
  // would not be so of another one's.
  if (mode === 'cold' || !image.hasAgent || image.disk) {
    task.progress(0.1, 'booting');
    return { mode: 'cold', image };
  }
  const key = parts.golden.key(image.id, run.maximumKiB / 1024);
  let golden = await parts.golden.find(key);
  if (!golden) {
    task.progress(null, `no snapshot with ${key.maxMemoryMiB} MiB yet: booting once to prepare it`);
    golden = await unlessAborted(prepareGolden(parts, image, key.maxMemoryMiB), task.signal);
  }
  task.progress(0.5, 'cloning');
  return { mode: 'clone', image, golden };
}

/** The snapshot, prepared in a task of its own unless it is there or on its way. */
export function prepareGolden(
  parts: SiteParts,
  image: BootableImage,
  maxMemoryMiB: number,
): Promise<LoadedSnapshot> {
  return parts.golden.obtain(parts.golden.key(image.id, maxMemoryMiB), () => {
    const made = Promise.withResolvers<Omit<GoldenSnapshot, 'key'>>();
    parts.tasks.start(
      {
        kind: 'golden',
        title: `Preparing the ${maxMemoryMiB} MiB golden snapshot of ${image.name}`,
      },
      async (task) => {
        try {
          made.resolve(
            await buildGolden(
              goldenParts(parts),
              maxMemoryMiB,
              bootOf(image, null),
              (fraction, detail) => task.progress(fraction, detail),
            ),
          );
        } catch (error) {
          made.reject(error);
          throw error;
        }
        return { title: `Prepared the ${maxMemoryMiB} MiB golden snapshot of ${image.name}` };
      },
    );
    return made.promise;
  });
}

function goldenParts(parts: SiteParts): Parameters<typeof buildGolden>[0] {
  const { hostFactory: factory, engineModule, console, budget, log, closing } = parts;
  return { factory, engineModule, console, budget, log, closing };
}

function bootOf(image: BootableImage, name: string | null): ColdBoot {
  const { kernel, initrd } = image;
  return { kernel, initrd, cmdline: kernelCommandLine(image, name) };
}

async function enter(
  parts: SiteParts,
  run: RunningDomain,
  given: Given,
  signal: AbortSignal,
): Promise<void> {
  const { spec, host } = run;
  await parts.console.attach(spec, 'starting', given.mode === 'clone' ? given.golden.printed : '');
  // One that was taken back in the meantime must not come to its host after all.
  signal.throwIfAborted();
  if (run.isOver) return;
  if (given.mode === 'clone') {
    const { stream, code } = given.golden;
    const restored = { spec, stream, code, identity: 'clone', paused: false } as const;
    await host.link.call('domain.restore', restored);
  } else {
    await host.link.call('domain.boot', { spec, boot: bootOf(given.image, spec.name) });
  }
}

/** `work`, unless the guest ends or the task is cancelled first. */
export async function orEnded<T>(
  domain: ManagedDomain,
  run: RunningDomain,
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  work.catch(() => {}); // when the end came first
  const ended = run.ended.then((ending) => Promise.reject(startFailed(domain.name, ending)));
  return unlessAborted(Promise.race([work, ended]), signal);
}

export function startFailed(name: string, ending: Ending): DomusError {
  return new DomusError(
    'domain.start-failed',
    `Domain ${name} did not start: ${how(ending)}. "domus dmesg ${name}" shows what it printed.`,
    { data: { domain: name, ending } },
  );
}

function how(ending: Ending): string {
  switch (ending.kind) {
    case 'shutdown':
      return `its guest ended by itself (${ending.reason})`;
    case 'crashed':
      return ending.reason;
    case 'destroyed':
      return 'it was forced off';
  }
}

export async function takeBack(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<void> {
  if (run.host.isUp) {
    await run.host.link
      .call('domain.destroy', { domid: run.domid })
      .catch((error: unknown) =>
        parts.log.write('warning', 'start', `not taken back: ${String(error)}`, domain.uuid),
      );
  }
  run.end({ kind: 'destroyed' });
  await run.disks.closeAll();
  parts.console.detach(domain.uuid);
  domain.running = null;
  parts.domains.advance(domain, { step: 'start-failed' });
}
