import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { bytes, mib } from '../format/units.ts';

const HEAD = ['Name', 'State', 'CPUs', 'Mem', 'Free', 'Domain-0', 'Link', 'Latency', 'Loss'];

export const command = defineCommand({
  words: [],
  options: {},
  notes: 'Mem, Free and Domain-0 (what the host needs for itself) are MiB.',
  async run(context) {
    const hosts = await (await context.site()).hosts.list();
    const rows = hosts.map((host) => [
      host.name,
      host.drained ? `${host.state}, drained` : host.state,
      String(host.pcpus),
      ...[host.memoryKiB, host.freeKiB, host.domain0KiB].map((kib) => String(mib(kib))),
      `${bytes(host.bandwidthBytesPerSecond)}/s`,
      `${host.latencyMs} ms`,
      `${host.lossPercent} %`,
    ]);
    await context.output.result(hosts, () => table(HEAD, rows, HEAD.slice(2)));
  },
});
