/** Xen public/sched.h: sched_op. EBX is the command, ECX the argument's address. */
import { namesOf, type ConstantOf } from './constants.ts';
import { domid, guestHandle, i32, u32, u64 } from './field-types.ts';
import { struct } from './struct.ts';

/** `SCHEDOP_*`. */
export const SchedOp = {
  yield: 0,
  block: 1,
  shutdown: 2,
  poll: 3,
  remoteShutdown: 4,
  shutdownCode: 5,
  watchdog: 6,
  pinOverride: 7,
} as const;
export type SchedOp = ConstantOf<typeof SchedOp>;
export const schedOpName = namesOf(SchedOp);

/** `SHUTDOWN_*`: why a domain stopped. */
export const ShutdownReason = {
  poweroff: 0,
  reboot: 1,
  suspend: 2,
  crash: 3,
  watchdog: 4,
  softReset: 5,
} as const;
export type ShutdownReason = ConstantOf<typeof ShutdownReason>;
export const shutdownReasonName = namesOf(ShutdownReason);
export const SHUTDOWN_MAX = 5;

/** Ports that one poll may name (Xen's own limit; in no public header). */
export const SCHED_POLL_MAX_PORTS = 128;

/** shutdown, shutdown_code. */
export const SchedShutdown = struct('sched_shutdown', 4, {
  reason: [0, u32], // in: ShutdownReason
});

export const SchedPoll = struct('sched_poll', 16, {
  ports: [0, guestHandle], // in: u32 each
  nrPorts: [4, u32], // in
  timeout: [8, u64], // in: ns of system time; 0 for ever
});

export const SchedRemoteShutdown = struct('sched_remote_shutdown', 8, {
  domainId: [0, domid], // in
  reason: [4, u32], // in
});

export const SchedWatchdog = struct('sched_watchdog', 8, {
  id: [0, u32], // in: 0 for a new one
  timeout: [4, u32], // in: seconds; 0 removes it
});

export const SchedPinOverride = struct('sched_pin_override', 4, {
  pcpu: [0, i32], // in: negative to end it
});
