/** Xen public/event_channel.h: event_channel_op. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { bytes, domid, port, u32, u64, u8, vcpu } from './field-types.ts';
import { struct, union } from './struct.ts';

/** `EVTCHNOP_*`. */
export const EventChannelOp = {
  bindInterdomain: 0,
  bindVirq: 1,
  bindPirq: 2,
  close: 3,
  send: 4,
  status: 5,
  allocUnbound: 6,
  bindIpi: 7,
  bindVcpu: 8,
  unmask: 9,
  reset: 10,
  initControl: 11,
  expandArray: 12,
  setPriority: 13,
} as const;
export type EventChannelOp = ConstantOf<typeof EventChannelOp>;
export const eventChannelOpName = namesOf(EventChannelOp);

/** `EVTCHNSTAT_*`: what status answers. */
export const EventChannelStatus = {
  closed: 0,
  unbound: 1,
  interdomain: 2,
  pirq: 3,
  virq: 4,
  ipi: 5,
} as const;
export type EventChannelStatus = ConstantOf<typeof EventChannelStatus>;
export const eventChannelStatusName = namesOf(EventChannelStatus);

export const EvtchnAllocUnbound = struct('evtchn_alloc_unbound', 8, {
  dom: [0, domid], // in
  remoteDom: [2, domid], // in
  port: [4, port], // out
});

export const EvtchnBindInterdomain = struct('evtchn_bind_interdomain', 12, {
  remoteDom: [0, domid], // in
  remotePort: [4, port], // in
  localPort: [8, port], // out
});

export const EvtchnBindVirq = struct('evtchn_bind_virq', 12, {
  virq: [0, u32], // in
  vcpu: [4, vcpu], // in
  port: [8, port], // out
});

export const EvtchnBindPirq = struct('evtchn_bind_pirq', 12, {
  pirq: [0, u32], // in
  flags: [4, u32], // in
  port: [8, port], // out
});

export const EvtchnBindIpi = struct('evtchn_bind_ipi', 8, {
  vcpu: [0, vcpu], // in
  port: [4, port], // out
});

export const EvtchnClose = struct('evtchn_close', 4, {
  port: [0, port], // in
});

export const EvtchnSend = struct('evtchn_send', 4, {
  port: [0, port], // in
});

export const EvtchnStatus = struct('evtchn_status', 24, {
  dom: [0, domid], // in
  port: [4, port], // in
  status: [8, u32], // out: EventChannelStatus
  vcpu: [12, vcpu], // out: whom it notifies
  // out: the arm that status names
  u: [
    16,
    union('evtchn_status.u', 8, {
      unbound: struct('evtchn_status.u.unbound', 2, { dom: [0, domid] }),
      interdomain: struct('evtchn_status.u.interdomain', 8, { dom: [0, domid], port: [4, port] }),
      pirq: u32,
      virq: u32,
    }),
  ],
});

export const EvtchnBindVcpu = struct('evtchn_bind_vcpu', 8, {
  port: [0, port], // in
  vcpu: [4, vcpu], // in
});

export const EvtchnUnmask = struct('evtchn_unmask', 4, {
  port: [0, port], // in
});

export const EvtchnReset = struct('evtchn_reset', 2, {
  dom: [0, domid], // in
});

export const EvtchnInitControl = struct('evtchn_init_control', 24, {
  controlGfn: [0, u64], // in
  offset: [8, u32], // in
  vcpu: [12, vcpu], // in
  linkBits: [16, u8], // out
  pad: [17, bytes(7)],
});

export const EvtchnExpandArray = struct('evtchn_expand_array', 8, {
  arrayGfn: [0, u64], // in
});

export const EvtchnSetPriority = struct('evtchn_set_priority', 8, {
  port: [0, port], // in
  priority: [4, u32], // in
});
