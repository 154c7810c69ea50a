/** Every command. A command's module is loaded when it is run: the others cost nothing. */
import type { Command } from './arguments/command.ts';

export interface Entry {
  readonly summary: string;
  load(): Promise<{ command: Command }>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { summary: 'Run the daemon, without a window', load: () => import('./commands/serve.ts') },
  status: {
    summary: 'The running daemon and its budget',
    load: () => import('./commands/status.ts'),
  },
  stop: {
    summary: 'End the daemon; it remembers what ran',
    load: () => import('./commands/stop.ts'),
  },

  'host list': {
    summary: 'List the simulated hosts',
    load: () => import('./commands/host-list.ts'),
  },
  'host add': { summary: 'Add a simulated host', load: () => import('./commands/host-add.ts') },
  'host remove': {
    summary: 'Remove a host that has no domains',
    load: () => import('./commands/host-remove.ts'),
  },
  'host drain': {
    summary: 'Move all domains of a host away',
    load: () => import('./commands/host-drain.ts'),
  },
  'host undrain': {
    summary: 'Let domains be placed on a host again',
    load: () => import('./commands/host-undrain.ts'),
  },
  'host crash': {
    summary: 'Cut the power of a simulated host, as a drill',
    load: () => import('./commands/host-crash.ts'),
  },

  list: { summary: 'List the domains', load: () => import('./commands/list.ts') },
  info: {
    summary: 'A domain, or the site and its hosts',
    load: () => import('./commands/info.ts'),
  },
  create: {
    summary: 'Create a domain and start it; returns when the guest answers',
    load: () => import('./commands/create.ts'),
  },
  start: { summary: 'Start a domain that is off', load: () => import('./commands/start.ts') },
  shutdown: { summary: 'Ask a guest to power off', load: () => import('./commands/shutdown.ts') },
  reboot: { summary: 'Ask a guest to reboot', load: () => import('./commands/reboot.ts') },
  destroy: {
    summary: 'Force a domain off; its definition stays',
    load: () => import('./commands/destroy.ts'),
  },
  pause: {
    summary: 'Stop the clock and the CPU of a domain',
    load: () => import('./commands/pause.ts'),
  },
  unpause: { summary: 'Let a paused domain go on', load: () => import('./commands/unpause.ts') },
  rename: { summary: 'Give a domain another name', load: () => import('./commands/rename.ts') },
  delete: { summary: 'Delete a domain', load: () => import('./commands/delete.ts') },

  console: { summary: "Attach to a domain's console", load: () => import('./commands/console.ts') },
  exec: { summary: 'Run a command in a guest', load: () => import('./commands/exec.ts') },
  'mem-set': { summary: "Set a domain's memory", load: () => import('./commands/mem-set.ts') },
  'mem-max': {
    summary: 'Set the most memory a domain may have',
    load: () => import('./commands/mem-max.ts'),
  },
  migrate: {
    summary: 'Move a running domain to another host',
    load: () => import('./commands/migrate.ts'),
  },
  protect: {
    summary: 'Give a domain a standby on another host',
    load: () => import('./commands/protect.ts'),
  },
  unprotect: {
    summary: 'End the protection of a domain',
    load: () => import('./commands/unprotect.ts'),
  },
  moves: {
    summary: 'Where a domain has moved, and what each move cost',
    load: () => import('./commands/moves.ts'),
  },
  save: {
    summary: "Write a domain's memory to a file and end it",
    load: () => import('./commands/save.ts'),
  },
  restore: {
    summary: 'Let a saved domain go on from a file',
    load: () => import('./commands/restore.ts'),
  },
  clone: {
    summary: 'Copy a running domain into a machine of its own',
    load: () => import('./commands/clone.ts'),
  },
  'checkpoint create': {
    summary: 'Keep memory and disks of a running domain as they are now',
    load: () => import('./commands/checkpoint-create.ts'),
  },
  'checkpoint list': {
    summary: 'List the checkpoints of a domain',
    load: () => import('./commands/checkpoint-list.ts'),
  },
  'checkpoint revert': {
    summary: 'Let a domain go on from a checkpoint',
    load: () => import('./commands/checkpoint-revert.ts'),
  },
  'checkpoint delete': {
    summary: 'Forget a checkpoint; those after it stay',
    load: () => import('./commands/checkpoint-delete.ts'),
  },

  'disk list': {
    summary: 'List the disks of domains',
    load: () => import('./commands/disk-list.ts'),
  },
  'disk attach': {
    summary: 'Give a domain a disk, also while it runs',
    load: () => import('./commands/disk-attach.ts'),
  },
  'disk detach': {
    summary: 'Take a disk away; its file stays',
    load: () => import('./commands/disk-detach.ts'),
  },
  'disk move': {
    summary: 'Move a disk to another pool, also while its guest uses it',
    load: () => import('./commands/disk-move.ts'),
  },
  'disk resize': {
    summary: 'Make a disk larger',
    load: () => import('./commands/disk-resize.ts'),
  },

  'pool list': { summary: 'List the storage pools', load: () => import('./commands/pool-list.ts') },
  'pool add': {
    summary: 'Make a folder a storage pool',
    load: () => import('./commands/pool-add.ts'),
  },
  'pool remove': {
    summary: 'Forget a pool; its folder stays',
    load: () => import('./commands/pool-remove.ts'),
  },
  'volume list': {
    summary: 'List the volumes of pools',
    load: () => import('./commands/volume-list.ts'),
  },
  'volume create': {
    summary: 'Make an empty volume, or an overlay',
    load: () => import('./commands/volume-create.ts'),
  },
  'volume clone': { summary: 'Copy a volume', load: () => import('./commands/volume-clone.ts') },
  'volume resize': {
    summary: 'Make a volume larger',
    load: () => import('./commands/volume-resize.ts'),
  },
  'volume delete': {
    summary: 'Delete a volume that nobody uses',
    load: () => import('./commands/volume-delete.ts'),
  },
  'volume upload': {
    summary: 'Make a volume of a file, or of what is piped in',
    load: () => import('./commands/volume-upload.ts'),
  },
  'volume download': {
    summary: 'Copy a volume into a file, or out through a pipe',
    load: () => import('./commands/volume-download.ts'),
  },

  'network list': {
    summary: 'List the networks',
    load: () => import('./commands/network-list.ts'),
  },
  'network add': {
    summary: 'Make a network, on all hosts',
    load: () => import('./commands/network-add.ts'),
  },
  'network set': {
    summary: 'Change whom the guests of a network reach',
    load: () => import('./commands/network-set.ts'),
  },
  'network remove': {
    summary: 'Delete a network that no domain is on',
    load: () => import('./commands/network-remove.ts'),
  },
  'network leases': {
    summary: 'Addresses, and whose they are',
    load: () => import('./commands/network-leases.ts'),
  },
  'net list': {
    summary: 'List the network interfaces of domains',
    load: () => import('./commands/net-list.ts'),
  },
  'net attach': {
    summary: 'Put a domain on a network, also while it runs',
    load: () => import('./commands/net-attach.ts'),
  },
  'net detach': {
    summary: 'Take an interface away',
    load: () => import('./commands/net-detach.ts'),
  },
  'net set': {
    summary: 'Link, rate limits and rules of an interface',
    load: () => import('./commands/net-set.ts'),
  },
  'net counters': {
    summary: 'What interfaces sent, received and dropped',
    load: () => import('./commands/net-counters.ts'),
  },
  'forward list': {
    summary: 'Ports of this machine that lead to guests',
    load: () => import('./commands/forward-list.ts'),
  },
  'forward add': {
    summary: 'Let a port of 127.0.0.1 lead to a guest',
    load: () => import('./commands/forward-add.ts'),
  },
  'forward remove': {
    summary: 'Stop listening at a port',
    load: () => import('./commands/forward-remove.ts'),
  },
  'capture list': {
    summary: 'Captures of packets, going on and ended',
    load: () => import('./commands/capture-list.ts'),
  },
  'capture start': {
    summary: 'Write the packets of an interface to a file',
    load: () => import('./commands/capture-start.ts'),
  },
  'capture stop': { summary: 'End a capture', load: () => import('./commands/capture-stop.ts') },

  'xenstore ls': {
    summary: 'Show a part of xenstore',
    load: () => import('./commands/xenstore-ls.ts'),
  },
  'xenstore read': { summary: 'Print a value', load: () => import('./commands/xenstore-read.ts') },
  'xenstore write': {
    summary: 'Write a value',
    load: () => import('./commands/xenstore-write.ts'),
  },
  'xenstore rm': {
    summary: 'Remove a node and all below it',
    load: () => import('./commands/xenstore-rm.ts'),
  },
  'xenstore watch': {
    summary: 'Print paths as they change',
    load: () => import('./commands/xenstore-watch.ts'),
  },

  dmesg: {
    summary: 'What a guest printed since its start',
    load: () => import('./commands/dmesg.ts'),
  },
  log: { summary: "The daemon's log, or a domain's", load: () => import('./commands/log.ts') },
  events: { summary: 'What happened at the site', load: () => import('./commands/events.ts') },
  tasks: { summary: 'Running and ended tasks', load: () => import('./commands/tasks.ts') },
  'tasks cancel': {
    summary: 'Cancel a task that is under way',
    load: () => import('./commands/tasks-cancel.ts'),
  },

  'image list': { summary: 'List the images', load: () => import('./commands/image-list.ts') },
  'image build': {
    summary: 'Build the Debian image from packages',
    load: () => import('./commands/image-build.ts'),
  },
  'image import': {
    summary: 'Take a kernel and an initrd of your own',
    load: () => import('./commands/image-import.ts'),
  },
  'image remove': {
    summary: 'Delete an image that no domain uses',
    load: () => import('./commands/image-remove.ts'),
  },

  bench: {
    summary: 'Measure: see the README of main/bench',
    load: () => import('./commands/bench.ts'),
  },
};

/** The command that the words begin with, and the words after its name; null: there is none. */
export function findCommand(
  words: readonly string[],
): { name: string; entry: Entry; rest: string[] } | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (entry && words.length >= length) return { name, entry, rest: words.slice(length) };
  }
  return null;
}

/** The names of commands that begin with `group` and a space. */
export function commandsOf(group: string): string[] {
  return Object.keys(COMMANDS).filter((name) => name.startsWith(`${group} `));
}
