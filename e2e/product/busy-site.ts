/** The product with guests that use their disks and networks all the time. */
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';

/** As far as these tests look at what `domus --json info` prints. */
export interface DomainFacts {
  disks: { name: string; source: string; bytes: number; format: string }[];
  interfaces: { network: string; address: string; mac: string; handle: number }[];
}

/** Reads and writes its first disk, a megabyte at a time. */
const USE_DISK = `dd if=/dev/urandom of=/tmp/data bs=64k count=16
while :; do
  dd if=/tmp/data of=/dev/xvda bs=64k
  sync
  echo 3 >/proc/sys/vm/drop_caches
  dd if=/dev/xvda of=/dev/null bs=64k count=16
  sleep 0.1
done`;
const SERVE = `mkdir -p /www
hostname >/www/index.html
dd if=/dev/zero of=/www/large bs=64k count=16
httpd -h /www`;
const FETCH = 'while :; do wget -qO /dev/null http://web1/large; sleep 0.1; done';

export async function startBusySite(): Promise<Daemon> {
  const daemon = await startDaemon();
  const { domus } = daemon;
  await domus('network', 'add', 'lab', '--kind', 'routed');
  await domus('network', 'add', 'public', '--kind', 'outside');
  await domus('pool', 'add', 'fast', '--local', 'alpha');
  await domus('volume', 'create', 'default/base', '--size', '64');
  await domus('volume', 'create', 'default/web1.qcow2', '--over', 'default/base');
  const nets = ['--net', 'default', '--net', 'lab'];
  await domus('create', 'web1', '--host', 'alpha', '--disk', 'default/web1.qcow2', ...nets);
  const disk = ['--disk', 'fast/db1.raw,size=32,format=raw'];
  await domus('create', 'db1', '--host', 'alpha', ...disk, '--net', 'default');
  await domus('create', 'lab1', '--host', 'beta', ...nets, '--net', 'public');
  await domus('forward', 'add', '0', 'web1:80');
  await domus('forward', 'add', '0', 'web1:22');
  await domus('exec', 'web1', '--', SERVE);
  await domus('exec', 'web1', '--', inBackground(USE_DISK));
  await domus('exec', 'lab1', '--', inBackground(FETCH));
  return daemon;
}

export async function factsOf(daemon: Daemon, domain: string): Promise<DomainFacts> {
  return JSON.parse(await daemon.domus('--json', 'info', domain)) as DomainFacts;
}

function inBackground(script: string): string {
  return `setsid sh -c '${script}' >/dev/null 2>&1 </dev/null &`;
}
