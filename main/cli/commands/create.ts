import { Domain, OnShutdown } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { diskOption } from '../arguments/disk-option.ts';
import { netOption } from '../arguments/net-option.ts';
import { oneOf } from '../arguments/one-of.ts';
import { mib } from '../format/units.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    host: { kind: 'text', value: 'H', help: 'on this host; else the one with most free memory' },
    memory: { kind: 'number', value: 'MiB', help: 'its memory' },
    maxmem: { kind: 'number', value: 'MiB', help: 'the most that it may be given while it runs' },
    image: { kind: 'text', value: 'I', help: 'an image, by id or name; else the default one' },
    cold: { kind: 'flag', help: 'boot its kernel, instead of cloning a running one' },
    'on-poweroff': { kind: 'text', value: 'ACTION', help: 'destroy (default), restart, preserve' },
    'on-reboot': { kind: 'text', value: 'ACTION', help: 'restart (default), destroy, preserve' },
    'on-crash': { kind: 'text', value: 'ACTION', help: 'destroy (default), restart, preserve' },
    'disk-size': {
      kind: 'number',
      value: 'GiB',
      help: "of its root disk, with an image that has one; else the image's",
    },
    disk: {
      kind: 'list',
      value: 'SOURCE[,format=F][,ro][,size=MiB]',
      help: 'a disk: POOL/VOLUME, a path, or nbd://…; size makes a new one',
    },
    net: {
      kind: 'list',
      value: 'NETWORK[,mac=M][,ip=A]',
      help: 'an interface; it returns when the guest has its address',
    },
  },
  async run(context, { words: [name], options }) {
    const task = await (
      await context.site()
    ).domains.create({
      name,
      host: options.host,
      memoryMiB: options.memory,
      maxMemoryMiB: options.maxmem,
      image: options.image,
      cold: options.cold,
      onPoweroff: action('on-poweroff', options['on-poweroff']),
      onReboot: action('on-reboot', options['on-reboot']),
      onCrash: action('on-crash', options['on-crash']),
      diskSizeMiB: options['disk-size'] && options['disk-size'] * 1024,
      disks: options.disk.map((text) => diskOption('create', text)),
      interfaces: options.net.map((text) => netOption('create', text)),
    });
    const { title, result } = await finished(context, task);
    const domain = Domain.parse(result);
    // What the title says beyond "Created web1 on alpha".
    const [, remark] = title.split('; ');
    if (remark !== undefined) context.output.note(remark);
    const { memory, address } = domain;
    await context.output.result(
      domain,
      () =>
        `created ${domain.name} on ${domain.host}: domid ${domain.domid}, ${mib(memory.targetKiB)} MiB${address === null ? '' : `, ${address}`}`,
    );
  },
});

function action(option: string, value: string | undefined): OnShutdown | undefined {
  return oneOf('create', option, OnShutdown.options, value);
}
