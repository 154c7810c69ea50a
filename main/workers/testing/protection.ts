/** Protection as the toolstack orchestrates it when nothing fails. */
import { MessageChannel } from 'node:worker_threads';
import type { TestDomain, TestHost } from './test-host.ts';
import { newFrameRings } from './test-host.ts';

/** Settles when the standby has the first checkpoint. */
export async function protect(
  { spec }: TestDomain,
  from: TestHost,
  to: TestHost,
  intervalMs: number,
): Promise<void> {
  const [link, code] = [new MessageChannel(), new MessageChannel()];
  await to.channel.call(
    'protection.prepare',
    { spec: { ...spec, disks: [], interfaces: [] }, link: link.port2, code: code.port2 },
    { transfer: [link.port2, code.port2] },
  );
  await from.channel.call(
    'protection.begin',
    { domid: spec.domid, link: link.port1, code: code.port1, intervalMs },
    { transfer: [link.port1, code.port1] },
  );
}

/** Its host is gone; its disks have the rings of its next life. */
export async function takeOver(domain: TestDomain, to: TestHost): Promise<{ startedAtMs: number }> {
  const interfaces = domain.spec.interfaces.map((vif) => ({ ...vif, ...newFrameRings() }));
  domain.spec = { ...domain.spec, interfaces };
  const { domid, name, memoryKiB, disks } = domain.spec;
  const spec = { name, memoryKiB, disks, interfaces };
  return to.channel.call('protection.takeOver', { domid, spec });
}
