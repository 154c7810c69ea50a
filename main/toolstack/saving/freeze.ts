/** A domain's stream into a file, and what belongs to it at that instant. */
import { dirname } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Picture } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { OWN_VERSIONS } from '../../migration/index.ts';
import type { MoveReport } from '../control/host.contract.ts';
import { aliveIn } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { unlessAborted } from '../streams/waiting.ts';
import { diskStamp } from './disk-stamps.ts';
import type { NewStateFile } from './state-file.ts';
import type { StateRecord } from './state-record.ts';

const LONGEST_LINE = 4000;

export interface Frozen {
  sent: MoveReport;
  streamBytes: number;
}

export interface Freezing {
  /** It stands still from the first byte on: less is written. */
  stopFirst?: boolean;
  /** Where what is translated of its code goes. */
  code?: MessagePort;
}

/**
 * Streams it; then it stands still, until `domain.goOn` or its end. When this fails it is as it was.
 * Errors `storage.*`, `domain.*`, `link.*`.
 */
export async function freezeInto(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  file: NewStateFile,
  { stopFirst = false, code }: Freezing = {},
): Promise<Frozen> {
  const { port1, port2 } = new MessageChannel();
  const { doorbell } = run.spec;
  const written = parts.disks
    .jobs(dirname(file.path))
    .call(
      'state.write',
      { fd: file.fd, label: file.path, link: port2, doorbell },
      { transfer: [port2] },
    );
  const sent = run.host.link.call(
    'domain.copyOut',
    {
      domid: run.domid,
      link: port1,
      ...(code && { code }),
      isPaused: domain.state === 'paused',
      stopFirst,
    },
    { transfer: code ? [port1, code] : [port1] },
  );
  // Both, whatever happens: the file may be closed only when nobody writes it any more.
  const [sending, writing] = await Promise.allSettled([sent, written]);
  if (sending.status === 'rejected') throw sending.reason;
  if (writing.status === 'rejected') {
    await goOn(domain, run);
    throw writing.reason;
  }
  return { sent: sending.value, streamBytes: writing.value.bytes };
}

/** It was frozen and goes on, or stays paused if it was. Answers with that moment. */
export async function goOn(domain: ManagedDomain, run: RunningDomain): Promise<number> {
  const paused = domain.state === 'paused';
  const { atMs } = await run.host.link.call('domain.goOn', { domid: run.domid, paused });
  return atMs;
}

/** What its console has printed and shows. Nothing where its console is not known. */
export async function consoleOf(
  parts: SiteParts,
  domain: ManagedDomain,
): Promise<{ printed: string; picture: Picture }> {
  const printed = await parts.console.printed(domain.uuid);
  const { lines, ...size } = await parts.console.picture(domain.uuid);
  return {
    printed,
    picture: { ...size, lines: lines.map((line) => line.slice(0, LONGEST_LINE)) },
  };
}

/** Of a frozen domain whose disks are settled. */
export async function recordOf(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<StateRecord> {
  const { definition } = domain;
  return {
    version: 1,
    savedAtMs: Date.now(),
    definition: { ...definition, host: run.host.name },
    domid: run.domid,
    startedAtMs: aliveIn(domain.life)?.startedAtMs ?? Date.now(),
    targetKiB: run.targetKiB,
    frames: run.counters.frames,
    wasPaused: domain.state === 'paused',
    versions: OWN_VERSIONS,
    disks: await Promise.all(
      definition.disks.map(async (disk) => ({
        name: disk.name,
        stamp: await diskStamp(parts.storage, disk),
      })),
    ),
    ...(await consoleOf(parts, domain)),
  };
}

/** `work`, unless its life ends meanwhile. Error `domain.ended`. */
export function unlessEnded<T>(
  domain: ManagedDomain,
  run: RunningDomain,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  work.catch(() => {}); // when the end came first
  const ended = run.ended.then(() =>
    Promise.reject(
      new DomusError('domain.ended', `Domain ${domain.name} ended meanwhile.`, {
        data: { domain: domain.name },
      }),
    ),
  );
  ended.catch(() => {});
  return unlessAborted(Promise.race([work, ended]), signal);
}
