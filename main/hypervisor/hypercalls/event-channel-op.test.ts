import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, EventChannelOp, EventChannelStatus, Hypercall, Virq } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

const { self } = abi.ReservedDomId;
const DOMAIN_0 = abi.DomId(0);
const STORE_PORT = 1;

describe('event_channel_op', () => {
  let caller: Caller;
  beforeEach(async () => {
    caller = await Caller.start();
  });
  const op = Hypercall.eventChannelOp;
  const port = (number: number): abi.EventPort => abi.EventPort(number);
  const alloc = (remoteDom: abi.DomId, dom: abi.DomId = self) =>
    caller.callWith(op, EventChannelOp.allocUnbound, abi.EvtchnAllocUnbound, { dom, remoteDom });
  const virq = (number: number, vcpu = 0) =>
    caller.callWith(op, EventChannelOp.bindVirq, abi.EvtchnBindVirq, {
      virq: number,
      vcpu: abi.VcpuId(vcpu),
    });
  const ipi = (vcpu = 0) =>
    caller.callWith(op, EventChannelOp.bindIpi, abi.EvtchnBindIpi, { vcpu: abi.VcpuId(vcpu) });
  const bindVcpu = (number: number, vcpu = 0): number =>
    caller.callWith(op, EventChannelOp.bindVcpu, abi.EvtchnBindVcpu, {
      port: port(number),
      vcpu: abi.VcpuId(vcpu),
    }).result;
  const send = (number: number): number =>
    caller.callWith(op, EventChannelOp.send, abi.EvtchnSend, { port: port(number) }).result;
  const close = (number: number): number =>
    caller.callWith(op, EventChannelOp.close, abi.EvtchnClose, { port: port(number) }).result;
  const unmask = (number: number): number =>
    caller.callWith(op, EventChannelOp.unmask, abi.EvtchnUnmask, { port: port(number) }).result;
  const status = (number: number, dom: abi.DomId = self) =>
    caller.callWith(op, EventChannelOp.status, abi.EvtchnStatus, { dom, port: port(number) });

  it('hands out ports from the lowest that is free', () => {
    expect(alloc(DOMAIN_0)).toMatchObject({ result: 0, port: 3 });
    expect(ipi()).toMatchObject({ result: 0, port: 4 });
    expect(virq(Virq.timer)).toMatchObject({ result: 0, port: 5 });
    expect(close(4)).toBe(0);
    expect(alloc(self)).toMatchObject({ result: 0, port: 4 });
  });

  it('has 1023 ports and then no more', () => {
    const { events } = caller.machine.domain;
    for (let used = 2; used < 1023; used++) expect(events.bindIpi()).toBeGreaterThan(0);
    for (const attempt of [alloc(DOMAIN_0), ipi(), virq(Virq.debug)]) {
      expect(attempt.result).toBe(-Errno.ENOSPC);
    }
    expect(close(1023)).toBe(0);
    expect(ipi()).toMatchObject({ result: 0, port: 1023 });
  });

  it('allocates for the guest itself only', () => {
    expect(alloc(DOMAIN_0, caller.machine.domain.domid).result).toBe(0);
    expect(alloc(DOMAIN_0, DOMAIN_0).result).toBe(-Errno.EPERM);
    expect(alloc(DOMAIN_0, abi.ReservedDomId.xen).result).toBe(-Errno.ESRCH);
  });

  it('binds each virtual interrupt once, and per-vCPU ones to the one vCPU', () => {
    expect(virq(Virq.timer).result).toBe(0);
    expect(virq(Virq.timer).result).toBe(-Errno.EEXIST);
    expect(virq(24).result).toBe(-Errno.EINVAL);
    expect(virq(0xffff_ffff).result).toBe(-Errno.EINVAL);
    expect(virq(Virq.debug, 1).result).toBe(-Errno.ENOENT);
    expect(virq(Virq.console, 1).result).toBe(-Errno.EINVAL);
    close(3);
    expect(virq(Virq.timer).result).toBe(0);
  });

  it('binds what is not there to nothing', () => {
    expect(ipi(1).result).toBe(-Errno.ENOENT);
    const interdomain = caller.callWith(
      op,
      EventChannelOp.bindInterdomain,
      abi.EvtchnBindInterdomain,
      {
        remoteDom: DOMAIN_0,
        remotePort: port(1),
      },
    );
    expect(interdomain.result).toBe(-Errno.ESRCH);
    const pirq = caller.callWith(op, EventChannelOp.bindPirq, abi.EvtchnBindPirq, { pirq: 1 });
    expect(pirq.result).toBe(-Errno.EINVAL);
  });

  it('moves only ports that belong to no vCPU', () => {
    const own = ipi().port;
    const timer = virq(Virq.timer).port;
    const global = virq(Virq.console).port;
    expect(bindVcpu(STORE_PORT)).toBe(0);
    expect(bindVcpu(global)).toBe(0);
    expect(bindVcpu(STORE_PORT, 1)).toBe(-Errno.ENOENT);
    for (const fixed of [own, timer, 900, 0xffff_ffff]) expect(bindVcpu(fixed)).toBe(-Errno.EINVAL);
  });

  it('sends to peers and to itself, drops what nobody waits for', () => {
    const { domain } = caller.machine;
    let heard = 0;
    expect(send(STORE_PORT)).toBe(0);
    const backend = domain.events.connect(STORE_PORT, () => heard++)!;
    expect(send(STORE_PORT)).toBe(0);
    expect(heard).toBe(1);
    backend.close();
    expect(send(STORE_PORT)).toBe(0);
    expect(heard).toBe(1);
    const own = ipi().port;
    expect(send(own)).toBe(0);
    expect(domain.shared.isPending(own)).toBe(true);
  });

  it('refuses ports that cannot be sent on, closed or unmasked', () => {
    const timer = virq(Virq.timer).port;
    for (const bad of [0, 500, 1023, 1024, 0xffff_ffff, timer])
      expect(send(bad)).toBe(-Errno.EINVAL);
    for (const bad of [0, 500, 1024, 0xffff_ffff]) {
      expect(close(bad)).toBe(-Errno.EINVAL);
      expect(unmask(bad)).toBe(-Errno.EINVAL);
    }
  });

  it('tells the status of each kind of port', () => {
    const own = ipi().port;
    const timer = virq(Virq.timer).port;
    expect(status(STORE_PORT)).toMatchObject({ result: 0, status: EventChannelStatus.unbound });
    caller.machine.domain.events.connect(STORE_PORT, () => {});
    expect(status(STORE_PORT)).toMatchObject({ status: EventChannelStatus.interdomain });
    expect(status(own)).toMatchObject({ status: EventChannelStatus.ipi, vcpu: 0 });
    expect(status(timer)).toMatchObject({
      status: EventChannelStatus.virq,
      u: { virq: Virq.timer },
    });
    expect(status(700)).toMatchObject({ result: 0, status: EventChannelStatus.closed });
    expect(status(1024).result).toBe(-Errno.EINVAL);
    expect(status(1, DOMAIN_0).result).toBe(-Errno.EPERM);
    expect(status(1, abi.ReservedDomId.idle).result).toBe(-Errno.ESRCH);
  });

  it('forgets what was pending on a port that is closed', () => {
    const { domain } = caller.machine;
    const own = ipi().port;
    send(own);
    expect(close(own)).toBe(0);
    expect(domain.shared.isPending(own)).toBe(false);
  });

  it('closes everything on reset, and a back end is not heard any more', () => {
    const { domain } = caller.machine;
    const backend = domain.events.connect(STORE_PORT, () => {})!;
    expect(
      caller.callWith(op, EventChannelOp.reset, abi.EvtchnReset, { dom: DOMAIN_0 }).result,
    ).toBe(-Errno.EPERM);
    expect(caller.callWith(op, EventChannelOp.reset, abi.EvtchnReset, { dom: self }).result).toBe(
      0,
    );
    expect([...domain.events.bound()]).toEqual([]);
    backend.notify();
    expect(domain.shared.isPending(STORE_PORT)).toBe(false);
    backend.close();
    expect(domain.events.at(STORE_PORT)).toBeNull();
  });

  it('is two-level: no FIFO, no commands beyond', () => {
    for (const command of [
      EventChannelOp.initControl,
      EventChannelOp.expandArray,
      EventChannelOp.setPriority,
      14,
      -1,
    ]) {
      expect(caller.call(op, command, Place.arguments)).toBe(-Errno.ENOSYS);
    }
  });
});
