/**
 * The one contract between the toolstack and everybody who uses it: the window (over a message
 * port or a WebSocket), the command line, and scripts (over HTTP, described by OpenAPI).
 *
 * Reads are queries; changes that take long return a task at once; what changes is a stream.
 * Console bytes do not go here: see `shared/console-protocol.ts`.
 */
import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import * as s from './schemas.ts';

export * from './schemas.ts';

const get = (path: `/${string}`, summary: string) => oc.route({ method: 'GET', path, summary });
const post = (path: `/${string}`, summary: string) => oc.route({ method: 'POST', path, summary });
const none = z.object({});

export const contract = {
  site: {
    info: get('/site', 'The program, its home folder and its budget').output(s.SiteInfo),
    watch: get('/site/watch', 'One snapshot, then every change').output(
      eventIterator(s.SiteChange),
    ),
    statistics: get('/site/statistics', 'One sample a second').output(
      eventIterator(s.StatisticsSample),
    ),
    events: get('/site/events', 'What happened, oldest first; follow to go on')
      .input(
        z.object({
          follow: z.coerce.boolean().optional(),
          limit: z.coerce.number().int().min(1).max(10_000).optional(),
        }),
      )
      .output(eventIterator(s.SiteEvent)),
    log: get('/site/log', "The daemon's or a domain's log; follow to go on")
      .input(
        z.object({
          domain: z.string().max(63).optional(),
          level: s.LogLine.shape.level.optional(),
          follow: z.coerce.boolean().optional(),
          limit: z.coerce.number().int().min(1).max(100_000).optional(),
        }),
      )
      .output(eventIterator(s.LogLine)),
    shutdown: post('/site/shutdown', 'Stop the program; running domains are remembered').output(
      none,
    ),
  },
  hosts: {
    list: get('/hosts', 'Simulated hosts').output(z.array(s.Host)),
    add: post('/hosts', 'Add a simulated host')
      .input(
        z.object({
          name: s.Name,
          memoryMiB: z
            .int()
            .min(64)
            .max(1 << 22),
          pcpus: z.int().min(1).max(256),
          bandwidthBytesPerSecond: z.number().min(1000).max(1e11).optional(),
          latencyMs: z.number().min(0).max(10_000).optional(),
          lossPercent: z.number().min(0).max(90).optional(),
        }),
      )
      .output(s.Host),
    remove: post('/hosts/{host}/remove', 'Remove a host that has no domains')
      .input(z.object({ host: s.Name }))
      .output(none),
    drain: post('/hosts/{host}/drain', 'Move all domains away, and place none there from now on')
      .input(z.object({ host: s.Name, to: s.Name.optional(), ...s.MoveOptions.shape }))
      .output(s.Task),
    undrain: post('/hosts/{host}/undrain', 'Place domains there again')
      .input(z.object({ host: s.Name }))
      .output(s.Host),
    crash: post(
      '/hosts/{host}/crash',
      'As if it lost its power: its domains are lost, but for protected ones; it starts anew',
    )
      .input(z.object({ host: s.Name }))
      .output(none),
  },
  domains: {
    list: get('/domains', 'All domains, domain 0 of each host first').output(z.array(s.Domain)),
    get: get('/domains/{domain}', 'One domain').input(s.DomainRef).output(s.Domain),
    inside: get('/domains/{domain}/xen', 'Its hypervisor side: event channels, grants, hypercalls')
      .input(s.DomainRef)
      .output(s.DomainInside),
    watchInside: get('/domains/{domain}/xen/watch', 'The same once a second, while it runs')
      .input(s.DomainRef)
      .output(eventIterator(s.DomainInside)),
    create: post('/domains', 'Create and start; the task ends when the guest answers')
      .input(s.CreateDomain)
      .output(s.Task),
    start: post('/domains/{domain}/start', 'Start a domain that is shut off or crashed')
      .input(s.DomainRef.extend({ cold: z.boolean().optional() }))
      .output(s.Task),
    shutdown: post('/domains/{domain}/shutdown', 'Ask the guest to power off')
      .input(s.DomainRef)
      .output(s.Task),
    reboot: post('/domains/{domain}/reboot', 'Ask the guest to reboot')
      .input(s.DomainRef)
      .output(s.Task),
    destroy: post('/domains/{domain}/destroy', 'Force off; the definition stays')
      .input(s.DomainRef)
      .output(s.Domain),
    pause: post('/domains/{domain}/pause', 'Stop its clock and its CPU')
      .input(s.DomainRef)
      .output(s.Domain),
    unpause: post('/domains/{domain}/unpause', 'Let it go on').input(s.DomainRef).output(s.Domain),
    rename: post('/domains/{domain}/rename', 'Give it another name')
      .input(s.DomainRef.extend({ name: s.Name }))
      .output(s.Domain),
    delete: post(
      '/domains/{domain}/delete',
      'Delete the definition; undo within the session of the program',
    )
      .input(
        s.DomainRef.extend({
          force: z.boolean().optional(),
          /** Its volumes too, for good, but those that something else uses. */
          disks: z.boolean().optional(),
        }),
      )
      .output(s.Task),
    undelete: post('/domains/{domain}/undelete', 'Take a deletion back')
      .input(s.DomainRef)
      .output(s.Domain),
    setMemory: post('/domains/{domain}/memory', 'Ask its balloon for this much')
      .input(s.SetMemory)
      .output(s.Domain),
    setMaxMemory: post(
      '/domains/{domain}/max-memory',
      'The most it may have; beyond the running kernel: at next start',
    )
      .input(s.SetMemory)
      .output(s.Domain),
    attachDisk: post(
      '/domains/{domain}/disks',
      'Give it a disk; a running guest gets it at once, if it takes it',
    )
      .input(s.AttachDisk)
      .output(s.Task),
    detachDisk: post(
      '/domains/{domain}/disks/{disk}/detach',
      'Take a disk away; a running guest is asked to let go of it first. Its file stays',
    )
      .input(s.DiskRef)
      .output(s.Task),
    resizeDisk: post('/domains/{domain}/disks/{disk}/resize', 'Make a disk larger')
      .input(s.ResizeDisk)
      .output(s.Domain),
    moveDisk: post(
      '/domains/{domain}/disks/{disk}/move',
      'Move a disk to another pool, also while its guest uses it',
    )
      .input(s.DiskRef.extend({ pool: s.Name, keep: z.boolean().optional() }))
      .output(s.Task),
    attachInterface: post(
      '/domains/{domain}/interfaces',
      'Give it a network interface; a running guest gets it at once, if it takes it',
    )
      .input(s.AttachInterface)
      .output(s.Task),
    detachInterface: post(
      '/domains/{domain}/interfaces/{handle}/detach',
      'Take an interface away; its address becomes free',
    )
      .input(s.InterfaceRef)
      .output(s.Task),
    setInterface: post(
      '/domains/{domain}/interfaces/{handle}',
      'Plug its cable in or out, limit its rates, change its rules',
    )
      .input(s.SetInterface)
      .output(s.Domain),
    interfaceCounters: get(
      '/domains/{domain}/interfaces/counters',
      'What its interfaces sent, got and dropped, while it runs',
    )
      .input(s.DomainRef)
      .output(z.array(s.InterfaceCounters)),
    migrationTargets: get(
      '/domains/{domain}/migration-targets',
      'Every host, whether it can take it, and why not',
    )
      .input(s.DomainRef)
      .output(z.array(s.MigrationTarget)),
    migrate: post('/domains/{domain}/migrate', 'Move it to another host')
      .input(s.DomainRef.extend({ host: s.Name, ...s.MoveOptions.shape }))
      .output(s.Task),
    protect: post(
      '/domains/{domain}/protect',
      'Give it a standby on another host, which goes on from its last checkpoint when its host dies',
    )
      .input(s.ProtectDomain)
      .output(s.Task),
    unprotect: post('/domains/{domain}/unprotect', 'Let its standby go')
      .input(s.DomainRef)
      .output(s.Domain),
    moves: get('/domains/{domain}/moves', 'Its moves, the newest first, with every round')
      .input(s.DomainRef)
      .output(z.array(s.Move)),
    followMove: get(
      '/moves/{id}/follow',
      'A move, by the id of its task, at every step until it ended',
    )
      .input(z.object({ id: z.string().max(63) }))
      .output(eventIterator(s.Move)),
    save: post(
      '/domains/{domain}/save',
      'Write its memory to a file and end it; its start goes on from there',
    )
      .input(s.SaveDomain)
      .output(s.Task),
    clone: post(
      '/domains/{domain}/clone',
      'Copy a running domain: a new machine that goes on from where it is, with disks of its own',
    )
      .input(s.CloneDomain)
      .output(s.Task),
    restore: post('/domains/restore', 'Let a domain go on from a file')
      .input(s.RestoreDomain)
      .output(s.Task),
    exec: post('/domains/{domain}/exec', 'Run a command in the guest')
      .input(s.DomainRef.extend({ command: z.string().min(1).max(65_536) }))
      .output(eventIterator(s.ExecChunk)),
    dmesg: get('/domains/{domain}/dmesg', "The guest's kernel and console output since its start")
      .input(s.DomainRef)
      .output(z.object({ text: z.string() })),
  },
  checkpoints: {
    list: get('/domains/{domain}/checkpoints', 'Points that it can go back to, oldest first')
      .input(s.DomainRef)
      .output(z.array(s.Checkpoint)),
    create: post('/domains/{domain}/checkpoints', 'Keep its memory and its disks as they are now')
      .input(s.CreateCheckpoint)
      .output(s.Task),
    revert: post(
      '/domains/{domain}/checkpoints/{checkpoint}/revert',
      'Go on from there; what it has done since is lost, but for other checkpoints',
    )
      .input(s.RevertDomain)
      .output(s.Task),
    remove: post(
      '/domains/{domain}/checkpoints/{checkpoint}/remove',
      'Forget a checkpoint; those after it stay',
    )
      .input(s.CheckpointRef)
      .output(s.Task),
  },
  xenstore: {
    list: get('/xenstore/list', 'A node and its children')
      .input(s.XenstoreRef)
      .output(z.array(s.XenstoreNode)),
    read: get('/xenstore/read', 'One value')
      .input(s.XenstoreRef)
      .output(z.object({ value: z.string() })),
    write: post('/xenstore/write', 'Write one value')
      .input(s.XenstoreRef.extend({ value: z.string().max(2048) }))
      .output(none),
    remove: post('/xenstore/remove', 'Remove a node and all below it')
      .input(s.XenstoreRef)
      .output(none),
    watch: get('/xenstore/watch', 'Paths as they change')
      .input(s.XenstoreRef)
      .output(eventIterator(z.object({ path: z.string() }))),
  },
  images: {
    list: get('/images', 'Images').output(z.array(s.Image)),
    build: post('/images/build', 'Build an image from Debian packages')
      .input(
        z.object({
          /** `debian` has a root disk; `busybox`, where nothing is said, an initramfs alone. */
          recipe: s.ImageRecipe.optional(),
          kernelVersion: z.string().max(100).optional(),
        }),
      )
      .output(s.Task),
    import: post(
      '/images/import',
      "A person's own kernel, initrd and disk, from paths on the daemon's machine",
    )
      .input(s.ImportImage)
      .output(s.Image),
    remove: post('/images/{image}/remove', 'Delete an image no domain uses')
      .input(z.object({ image: z.string() }))
      .output(none),
  },
  pools: {
    list: get('/pools', 'Storage pools, and the volumes in them').output(z.array(s.Pool)),
    add: post('/pools', 'Make a folder a pool').input(s.AddPool).output(s.Pool),
    remove: post('/pools/{pool}/remove', 'Forget a pool; its folder and its volumes stay')
      .input(s.PoolRef)
      .output(none),
  },
  /** Contents are sent and fetched as `PUT` and `GET` of `/volumes/POOL/VOLUME/content`. */
  volumes: {
    create: post('/pools/{pool}/volumes', 'Make an empty volume, or an overlay over another')
      .input(s.CreateVolume)
      .output(s.Volume),
    clone: post('/pools/{pool}/volumes/{volume}/clone', 'Copy a volume that nobody writes')
      .input(s.CloneVolume)
      .output(s.Task),
    resize: post('/pools/{pool}/volumes/{volume}/resize', 'Make a volume larger that nobody uses')
      .input(s.ResizeVolume)
      .output(s.Volume),
    remove: post('/pools/{pool}/volumes/{volume}/remove', 'Delete a volume that nobody uses')
      .input(s.VolumeRef)
      .output(none),
  },
  networks: {
    list: get('/networks', 'Networks').output(z.array(s.Network)),
    add: post('/networks', 'Make a network, on all hosts').input(s.AddNetwork).output(s.Network),
    set: post('/networks/{network}', 'Change whom its guests reach')
      .input(s.SetNetwork)
      .output(s.Network),
    remove: post('/networks/{network}/remove', 'Delete a network that no domain is on')
      .input(s.NetworkRef)
      .output(none),
    leases: get('/networks/leases', 'Addresses and whose they are').output(z.array(s.Lease)),
  },
  forwards: {
    list: get('/forwards', 'Ports of this machine that lead to guests').output(z.array(s.Forward)),
    add: post('/forwards', 'Let a port of 127.0.0.1 lead to a guest')
      .input(s.AddForward)
      .output(s.Forward),
    remove: post('/forwards/{port}/remove', 'Stop listening; open connections are reset')
      .input(s.ForwardRef)
      .output(none),
  },
  captures: {
    list: get('/captures', 'Captures under way, and those that ended').output(z.array(s.Capture)),
    start: post('/captures', 'Write what an interface sends and gets to a pcap file')
      .input(s.StartCapture)
      .output(s.Capture),
    stop: post('/captures/{id}/stop', 'End a capture; its file is complete')
      .input(z.object({ id: z.string().max(63) }))
      .output(s.Capture),
  },
  tasks: {
    list: get('/tasks', 'Running and ended tasks, newest first')
      .input(z.object({ limit: z.coerce.number().int().min(1).max(1000).optional() }))
      .output(z.array(s.Task)),
    /** Answers when the task ended, with its final record (also a failed one). */
    wait: get('/tasks/{id}/wait', 'Wait until a task ended')
      .input(z.object({ id: z.string() }))
      .output(s.Task),
    follow: get('/tasks/{id}/follow', 'Its record at every change, until it ended')
      .input(z.object({ id: z.string() }))
      .output(eventIterator(s.Task)),
    cancel: post('/tasks/{id}/cancel', 'Cancel a task that can be cancelled')
      .input(z.object({ id: z.string() }))
      .output(s.Task),
  },
};
export type Contract = typeof contract;
