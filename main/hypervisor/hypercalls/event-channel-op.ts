/** event_channel_op (32): Xen public/event_channel.h. */
import {
  Errno,
  EVENT_CHANNELS_2LEVEL,
  EventChannelOp,
  EventChannelStatus,
  EvtchnAllocUnbound,
  EvtchnBindIpi,
  EvtchnBindVcpu,
  EvtchnBindVirq,
  EvtchnClose,
  EvtchnReset,
  EvtchnSend,
  EvtchnStatus,
  EvtchnUnmask,
  GuestVirtualAddress,
  NR_VIRQS,
  Virq,
} from '../abi/index.ts';
import type { Channel } from '../event-channels.ts';
import type { CallingDomain, CommandHandler, HypercallHandler } from './handler.ts';
import { refusalOf } from './handler.ts';

/** Those that each vCPU has of its own; the others are the domain's, on vCPU 0. */
const PER_VCPU_VIRQS: readonly number[] = [Virq.timer, Virq.debug, Virq.xenoprof, Virq.xenpmu];

const commands: Partial<Record<number, CommandHandler>> = {
  [EventChannelOp.allocUnbound]: (domain, argument) => {
    const op = domain.guest.read(EvtchnAllocUnbound, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.dom);
    if (refused !== 0) return refused;
    return answerPort(domain, domain.events.allocUnbound(op.remoteDom, domain.domid), (port) =>
      domain.guest.write(EvtchnAllocUnbound, argument, { port }),
    );
  },
  // No other domain leaves a port unbound for a guest: driver domains do not exist yet.
  [EventChannelOp.bindInterdomain]: () => -Errno.ESRCH,
  [EventChannelOp.bindVirq]: (domain, argument) => {
    const op = domain.guest.read(EvtchnBindVirq, argument);
    if (!op) return -Errno.EFAULT;
    if (op.virq >= NR_VIRQS) return -Errno.EINVAL;
    if (op.vcpu !== 0) return PER_VCPU_VIRQS.includes(op.virq) ? -Errno.ENOENT : -Errno.EINVAL;
    return answerPort(domain, domain.events.bindVirq(op.virq), (port) =>
      domain.guest.write(EvtchnBindVirq, argument, { port }),
    );
  },
  [EventChannelOp.bindPirq]: () => -Errno.EINVAL,
  [EventChannelOp.close]: (domain, argument) => {
    const op = domain.guest.read(EvtchnClose, argument);
    return op ? domain.events.close(op.port) : -Errno.EFAULT;
  },
  [EventChannelOp.send]: (domain, argument) => {
    const port = domain.guest.readU32(argument + EvtchnSend.offset.port);
    return port === null ? -Errno.EFAULT : domain.events.send(port);
  },
  [EventChannelOp.status]: status,
  [EventChannelOp.bindIpi]: (domain, argument) => {
    const op = domain.guest.read(EvtchnBindIpi, argument);
    if (!op) return -Errno.EFAULT;
    if (op.vcpu !== 0) return -Errno.ENOENT;
    return answerPort(domain, domain.events.bindIpi(), (port) =>
      domain.guest.write(EvtchnBindIpi, argument, { port }),
    );
  },
  [EventChannelOp.bindVcpu]: (domain, argument) => {
    const op = domain.guest.read(EvtchnBindVcpu, argument);
    if (!op) return -Errno.EFAULT;
    if (op.vcpu !== 0) return -Errno.ENOENT;
    return mayMove(domain.events.at(op.port)) ? 0 : -Errno.EINVAL;
  },
  [EventChannelOp.unmask]: (domain, argument) => {
    const port = domain.guest.readU32(argument + EvtchnUnmask.offset.port);
    return port === null ? -Errno.EFAULT : domain.events.unmask(port);
  },
  [EventChannelOp.reset]: (domain, argument) => {
    const op = domain.guest.read(EvtchnReset, argument);
    if (!op) return -Errno.EFAULT;
    const refused = refusalOf(domain, op.dom);
    if (refused !== 0) return refused;
    domain.events.reset();
    return 0;
  },
};

export const eventChannelOp: HypercallHandler = (domain, { first, second }) =>
  commands[first]?.(domain, GuestVirtualAddress(second)) ?? -Errno.ENOSYS;

/** Whether a port may be bound to another vCPU: not what belongs to one. */
function mayMove(channel: Channel | null): boolean {
  if (!channel || channel.type === 'ipi') return false;
  return channel.type !== 'virq' || !PER_VCPU_VIRQS.includes(channel.virq);
}

function answerPort(domain: CallingDomain, port: number, write: (port: never) => boolean): number {
  if (port < 0) return port;
  if (write(port as never)) return 0;
  domain.events.close(port);
  return -Errno.EFAULT;
}

function status(domain: CallingDomain, argument: GuestVirtualAddress): number {
  const op = domain.guest.read(EvtchnStatus, argument);
  if (!op) return -Errno.EFAULT;
  const refused = refusalOf(domain, op.dom);
  if (refused !== 0) return refused;
  if (op.port >= EVENT_CHANNELS_2LEVEL) return -Errno.EINVAL;
  const channel = domain.events.at(op.port);
  const answer = {
    status: EventChannelStatus[channel?.type ?? 'closed'],
    vcpu: 0 as never,
    u:
      channel?.type === 'virq'
        ? { virq: channel.virq }
        : channel?.type === 'unbound'
          ? { unbound: { dom: channel.remote } }
          : channel?.type === 'interdomain'
            ? { interdomain: { dom: channel.remote, port: op.port } }
            : {},
  };
  return domain.guest.write(EvtchnStatus, argument, answer) ? 0 : -Errno.EFAULT;
}
