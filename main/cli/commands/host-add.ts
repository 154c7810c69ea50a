import { defineCommand } from '../arguments/command.ts';
import { usageError } from '../arguments/usage-error.ts';
import { mib } from '../format/units.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    memory: { kind: 'number', value: 'MiB', help: 'its memory, domain 0 included' },
    cpus: { kind: 'number', value: 'N', help: 'its physical CPUs' },
    bandwidth: { kind: 'number', value: 'BYTES', help: 'of its link, bytes a second' },
    latency: { kind: 'number', value: 'MS', help: 'of its link, milliseconds' },
    loss: { kind: 'number', value: 'PERCENT', help: 'of the frames that its link loses' },
  },
  async run(context, { words: [name], options }) {
    const { memory: memoryMiB, cpus: pcpus, bandwidth, latency, loss } = options;
    if (memoryMiB === undefined) throw usageError('--memory MiB is missing.', 'host add');
    if (pcpus === undefined) throw usageError('--cpus N is missing.', 'host add');
    const host = await (
      await context.site()
    ).hosts.add({
      name,
      memoryMiB,
      pcpus,
      bandwidthBytesPerSecond: bandwidth,
      latencyMs: latency,
      lossPercent: loss,
    });
    await context.output.result(
      host,
      () => `added host ${host.name}: ${mib(host.memoryKiB)} MiB, ${host.pcpus} CPUs`,
    );
  },
});
