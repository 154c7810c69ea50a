/** The network side of domain 0, above the vif's ring: see README.md. */
export { formatMac, parseMac } from './address/mac-address.ts';
export type { MacAddress } from './address/mac-address.ts';
export {
  broadcastOf,
  contains,
  formatIpv4,
  formatSubnet,
  parseIpv4,
  parseSubnet,
} from './address/ipv4-address.ts';
export type { Ipv4Address, Subnet } from './address/ipv4-address.ts';
export { FULL_ABILITY, NO_ABILITY, NO_OFFLOAD } from './offload/offload.ts';
export type { Offload, OffloadAbility } from './offload/offload.ts';
export type { Endpoint } from './protocol/endpoints.ts';
export { NetworkSwitch } from './switch/switch.ts';
export type { SwitchOptions } from './switch/switch.ts';
export type {
  Deliver,
  FrameTap,
  PortKind,
  PortOptions,
  PortRules,
  SwitchPort,
} from './switch/port.ts';
export type { AccessList, AccessRule, PortRange } from './switch/access-rule.ts';
export { newCounters } from './switch/port-counters.ts';
export type { DropReason, PortCounters } from './switch/port-counters.ts';
export type { RateLimit } from './switch/token-bucket.ts';
export { Gateway } from './services/gateway.ts';
export type { GatewayOptions } from './services/gateway.ts';
export { Router } from './services/router.ts';
export { Assignments } from './services/assignments.ts';
export type { Assignment } from './services/assignments.ts';
export { DhcpService } from './services/dhcp.ts';
export type { DhcpOptions } from './services/dhcp.ts';
export { DnsService } from './services/dns.ts';
export type { DnsForward, DnsNames, DnsOptions } from './services/dns.ts';
export { Outside } from './outside/outside.ts';
export type { OutsideOptions } from './outside/outside.ts';
export type { Forward } from './outside/forward.ts';
export { denyOwnMachine, denySpecial } from './outside/reach-policy.ts';
export type { MayReach } from './outside/reach-policy.ts';
export { forwardDns } from './outside/dns-forwarder.ts';
export { Capture } from './capture/capture.ts';
export { CaptureCounters } from './capture/capture-counters.ts';
export type { CaptureOptions } from './capture/capture.ts';
