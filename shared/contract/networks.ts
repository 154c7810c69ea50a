/** Networks, the interfaces of domains on them, forwarded ports and captures. */
import { z } from 'zod';
import { DomainRef, Name } from './basics.ts';

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
export const Ipv4 = z
  .string()
  .regex(new RegExp(`^(${octet}\\.){3}${octet}$`), 'an IPv4 address is written 10.0.0.1');
export const Subnet = z
  .string()
  .regex(
    new RegExp(`^(${octet}\\.){3}${octet}/(3[0-2]|[12]?[0-9])$`),
    'a subnet is written 10.0.0.0/24',
  );
export const Mac = z
  .string()
  .regex(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/, 'a MAC address is written 00:16:3e:12:34:56');
const Port = z.int().min(1).max(65_535);
const BytesPerSecond = z.number().min(1000).max(1e11);

/**
 * Whom the guests of a network reach besides each other. `isolated`: nobody. `routed`: those of the
 * other networks of this kind or the next. `outside`: also TCP and UDP to what this machine reaches.
 */
export const NetworkKind = z.enum(['isolated', 'routed', 'outside']);
export type NetworkKind = z.infer<typeof NetworkKind>;

export const Network = z.object({
  name: z.string(),
  kind: NetworkKind,
  subnet: z.string(),
  /** Of the gateway: DHCP, names, and the way out. */
  gateway: z.string(),
  mtu: z.int(),
  /** Guests may reach this machine's own addresses, and so this program: only where `outside`. */
  reachesMachine: z.boolean(),
});
export type Network = z.infer<typeof Network>;

export const AddNetwork = z.object({
  name: Name,
  /** Else isolated. */
  kind: NetworkKind.optional(),
  /** Private, with room for at least 4 addresses; else the first free /24 of 10.77.0.0/16. */
  subnet: Subnet.optional(),
  /** Else 1500. */
  mtu: z.int().min(576).max(9000).optional(),
  reachesMachine: z.boolean().optional(),
});
export type AddNetwork = z.infer<typeof AddNetwork>;
export const NetworkRef = z.object({ network: Name });
export const SetNetwork = NetworkRef.extend({
  kind: NetworkKind.optional(),
  reachesMachine: z.boolean().optional(),
});

/** An address that an interface has for good, and the name that others on its network find it by. */
export const Lease = z.object({
  network: z.string(),
  address: z.string(),
  mac: z.string(),
  domain: z.string(),
});
export type Lease = z.infer<typeof Lease>;

const PortRange = z.tuple([Port, Port]);
/** The first rule that matches decides. ARP and DHCP always pass. Rules know no connections. */
export const AccessRule = z.object({
  action: z.enum(['allow', 'deny']),
  /** From the guest's point of view. */
  direction: z.enum(['in', 'out']),
  protocol: z.enum(['any', 'tcp', 'udp', 'icmp']),
  /** The other side's; null for all. */
  remote: Subnet.nullable(),
  /** First and last; null for all, and where there are no ports. */
  remotePorts: PortRange.nullable(),
  localPorts: PortRange.nullable(),
});
export type AccessRule = z.infer<typeof AccessRule>;
export const AccessList = z.object({
  rules: z.array(AccessRule).max(100),
  /** For what no rule matches. */
  otherwise: z.enum(['allow', 'deny']),
});
export type AccessList = z.infer<typeof AccessList>;

/** A virtual network interface of a domain. */
export const Interface = z.object({
  /** 0 to 7: `ethN` in most guests. */
  handle: z.int(),
  network: z.string(),
  mac: z.string(),
  /** What DHCP gives it. It may send from no other. */
  address: z.string(),
  /** The cable is plugged in. */
  linkUp: z.boolean(),
  /** Null: as fast as it goes. */
  sendLimitBytesPerSecond: z.number().nullable(),
  receiveLimitBytesPerSecond: z.number().nullable(),
  access: AccessList,
});
export type Interface = z.infer<typeof Interface>;

export const NewInterface = z.object({
  network: Name,
  /** Else one of Xen's range, for good. */
  mac: Mac.optional(),
  /** Of the network's subnet; else the first that is free. */
  address: Ipv4.optional(),
});
export type NewInterface = z.infer<typeof NewInterface>;
export const AttachInterface = DomainRef.extend(NewInterface.shape);
export const InterfaceRef = DomainRef.extend({ handle: z.coerce.number().int().min(0).max(7) });
/** What is left out stays. */
export const SetInterface = InterfaceRef.extend({
  linkUp: z.boolean().optional(),
  sendLimitBytesPerSecond: BytesPerSecond.nullable().optional(),
  receiveLimitBytesPerSecond: BytesPerSecond.nullable().optional(),
  access: AccessList.optional(),
});
export type SetInterface = z.infer<typeof SetInterface>;

/** One second of an interface. */
export const InterfaceSample = z.object({
  handle: z.int(),
  sentBytesPerSecond: z.number(),
  receivedBytesPerSecond: z.number(),
  sentFramesPerSecond: z.number(),
  receivedFramesPerSecond: z.number(),
});
export type InterfaceSample = z.infer<typeof InterfaceSample>;

/** An interface's counts since its domain's life on its host began. */
export const InterfaceCounters = z.object({
  handle: z.int(),
  sentFrames: z.number(),
  sentBytes: z.number(),
  receivedFrames: z.number(),
  receivedBytes: z.number(),
  /** By reason: `spoofed-mac`, `rate`, … Only those that are not 0. */
  drops: z.array(
    z.object({ direction: z.enum(['sent', 'received']), reason: z.string(), frames: z.number() }),
  ),
});
export type InterfaceCounters = z.infer<typeof InterfaceCounters>;

export const Protocol = z.enum(['tcp', 'udp']);

/** A port of this machine that leads to a guest: `127.0.0.1:2222 → web1:22`. */
export const Forward = z.object({
  /** On 127.0.0.1. */
  port: z.int(),
  protocol: Protocol,
  domain: Name,
  toPort: z.int(),
  /** Of the domain's interfaces. */
  handle: z.int(),
  /** Why nobody listens there, as a sentence; else null. */
  fault: z.string().nullable(),
});
export type Forward = z.infer<typeof Forward>;
export const AddForward = DomainRef.extend({
  /** 0: the system chooses. */
  port: z.int().min(0).max(65_535),
  toPort: Port,
  protocol: Protocol.optional(),
  handle: z.int().min(0).max(7).optional(),
});
export type AddForward = z.infer<typeof AddForward>;
export const ForwardRef = z.object({
  port: z.coerce.number().int().min(1).max(65_535),
  protocol: Protocol.optional(),
});

/** What an interface sends and gets, as it is written to a pcap file. */
export const Capture = z.object({
  id: z.string(),
  domain: z.string(),
  handle: z.int(),
  /** On the daemon's machine. */
  path: z.string(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  frames: z.number(),
  /** Frames left out, because the file was too slow or is full. */
  dropped: z.number(),
  /** Why it ended before it was stopped, as a sentence; else null. */
  fault: z.string().nullable(),
});
export type Capture = z.infer<typeof Capture>;
export const StartCapture = InterfaceRef.extend({
  /** Absolute, and not there yet; else a new file in the home. */
  path: z.string().min(1).max(4096).optional(),
  /** The file grows no further than this; else 1024. */
  maxMiB: z
    .int()
    .min(1)
    .max(1 << 20)
    .optional(),
});

/** All that is connected: sent as a whole when something of it changed. */
export const Networking = z.object({
  networks: z.array(Network),
  forwards: z.array(Forward),
  captures: z.array(Capture),
});
export type Networking = z.infer<typeof Networking>;
