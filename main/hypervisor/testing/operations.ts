/** Every hypercall command that takes a pointer, as a table for tests of what a pointer may be. */
import type { FieldTable, PartialFieldsOf, Struct } from '../abi/struct.ts';
import * as abi from '../abi/index.ts';
import { Place } from './places.ts';

export interface Operation {
  name: string;
  /** Registers for an argument at `pointer`: number, then EBX and so on. */
  registers(pointer: number): readonly [number: number, ...args: number[]];
  /** Bytes at the pointer that the command reads or writes. */
  size: number;
  /** Puts a good argument there. */
  prepare(view: DataView, at: number): void;
  /** What a good argument gives. */
  good: number;
  /** It answers through its argument: a read-only page is no place for it. */
  writes: boolean;
}

const { self } = abi.ReservedDomId;
/** A vector of Linux's choice. */
const VECTOR = 0xf3;

type Where = 'second' | 'third';

function operation<F extends FieldTable>(
  name: string,
  [number, command, where = 'second']: readonly [number: number, command: number, where?: Where],
  layout: Struct<F>,
  fields: PartialFieldsOf<F>,
  { good = 0, writes = false }: { good?: number; writes?: boolean } = {},
): Operation {
  return {
    name,
    size: layout.size,
    good,
    writes,
    prepare: (view, at) => {
      for (let byte = 0; byte < layout.size; byte++) view.setUint8(at + byte, 0);
      layout.write(view, at, fields);
    },
    registers: (pointer) =>
      where === 'second' ? [number, command, pointer] : [number, command, 0, pointer],
  };
}

const version = (name: string, command: number, size: number): Operation => ({
  name,
  size,
  good: 0,
  writes: true,
  prepare: () => {},
  registers: (pointer) => [abi.Hypercall.xenVersion, command, pointer],
});

const answers = { writes: true };
const { eventChannelOp, memoryOp, hvmOp, vcpuOp, schedOp, grantTableOp } = abi.Hypercall;
const [EVENT, HVM, VCPU] = [abi.EventChannelOp, abi.HvmOp, abi.VcpuOp];
const noVcpu = 0 as abi.VcpuId;
const at = (address: number): abi.GuestVirtualAddress => abi.GuestVirtualAddress(address);

/** In this order all of them succeed on a fresh domain. */
export const operations: readonly Operation[] = [
  version('extraversion', abi.VersionOp.extraversion, 16),
  version('compile_info', abi.VersionOp.compileInfo, 144),
  version('capabilities', abi.VersionOp.capabilities, 1024),
  version('changeset', abi.VersionOp.changeset, 64),
  version('platform_parameters', abi.VersionOp.platformParameters, 4),
  version('get_features', abi.VersionOp.getFeatures, 8),
  version('guest_handle', abi.VersionOp.guestHandle, 16),
  operation(
    'current_reservation',
    [memoryOp, abi.MemoryOp.currentReservation],
    abi.MemoryDomain,
    { domid: self },
    { good: 2048 },
  ),
  operation(
    'maximum_reservation',
    [memoryOp, abi.MemoryOp.maximumReservation],
    abi.MemoryDomain,
    { domid: self },
    { good: 2048 },
  ),
  operation(
    'maximum_gpfn',
    [memoryOp, abi.MemoryOp.maximumGpfn],
    abi.MemoryDomain,
    { domid: self },
    { good: 2047 },
  ),
  operation('add_to_physmap', [memoryOp, abi.MemoryOp.addToPhysmap], abi.AddToPhysmap, {
    domid: self,
    space: abi.MapSpace.sharedInfo,
    gpfn: abi.Gfn(Place.free / 4096),
  }),
  operation(
    'remove_from_physmap',
    [memoryOp, abi.MemoryOp.removeFromPhysmap],
    abi.RemoveFromPhysmap,
    {
      domid: self,
      gpfn: abi.Gfn(0x400),
    },
  ),
  operation(
    'alloc_unbound',
    [eventChannelOp, EVENT.allocUnbound],
    abi.EvtchnAllocUnbound,
    { dom: self, remoteDom: abi.DomId(0) },
    answers,
  ),
  operation(
    'bind_virq',
    [eventChannelOp, EVENT.bindVirq],
    abi.EvtchnBindVirq,
    { virq: abi.Virq.timer, vcpu: noVcpu },
    answers,
  ),
  operation(
    'bind_ipi',
    [eventChannelOp, EVENT.bindIpi],
    abi.EvtchnBindIpi,
    { vcpu: noVcpu },
    answers,
  ),
  operation('bind_vcpu', [eventChannelOp, EVENT.bindVcpu], abi.EvtchnBindVcpu, {
    port: abi.EventPort(1),
    vcpu: noVcpu,
  }),
  operation('send', [eventChannelOp, EVENT.send], abi.EvtchnSend, { port: abi.EventPort(1) }),
  operation('unmask', [eventChannelOp, EVENT.unmask], abi.EvtchnUnmask, { port: abi.EventPort(1) }),
  operation(
    'status',
    [eventChannelOp, EVENT.status],
    abi.EvtchnStatus,
    { dom: self, port: abi.EventPort(1) },
    answers,
  ),
  operation('close', [eventChannelOp, EVENT.close], abi.EvtchnClose, { port: abi.EventPort(3) }),
  operation('set_param', [hvmOp, HVM.setParam], abi.HvmParamArgument, {
    domid: self,
    index: abi.HvmParam.callbackIrq,
    value: 1n,
  }),
  operation(
    'get_param',
    [hvmOp, HVM.getParam],
    abi.HvmParamArgument,
    { domid: self, index: abi.HvmParam.storePfn },
    answers,
  ),
  operation('get_time', [hvmOp, HVM.getTime], abi.HvmGetTime, {}, answers),
  operation(
    'get_mem_type',
    [hvmOp, HVM.getMemType],
    abi.HvmGetMemType,
    { domid: self, pfn: 5n },
    answers,
  ),
  operation(
    'set_evtchn_upcall_vector',
    [hvmOp, HVM.setEvtchnUpcallVector],
    abi.HvmEvtchnUpcallVector,
    { vcpu: noVcpu, vector: VECTOR },
  ),
  operation(
    'get_runstate_info',
    [vcpuOp, VCPU.getRunstateInfo, 'third'],
    abi.VcpuRunstateInfo,
    {},
    answers,
  ),
  operation(
    'register_runstate_memory_area',
    [vcpuOp, VCPU.registerRunstateMemoryArea, 'third'],
    abi.VcpuRegisterRunstateMemoryArea,
    { addr: { h: at(Place.arguments) } },
  ),
  operation(
    'register_vcpu_time_memory_area',
    [vcpuOp, VCPU.registerVcpuTimeMemoryArea, 'third'],
    abi.VcpuRegisterTimeMemoryArea,
    { addr: { h: at(Place.arguments) } },
  ),
  operation(
    'set_singleshot_timer',
    [vcpuOp, VCPU.setSingleshotTimer, 'third'],
    abi.VcpuSetSingleshotTimer,
    { timeoutAbsNs: 1n << 60n },
  ),
  operation(
    'register_vcpu_info',
    [vcpuOp, VCPU.registerVcpuInfo, 'third'],
    abi.VcpuRegisterVcpuInfo,
    { mfn: 0x300n, offset: 64 },
  ),
  operation('poll', [schedOp, abi.SchedOp.poll], abi.SchedPoll, {
    ports: at(Place.arguments),
    nrPorts: 0,
  }),
  operation('shutdown_code', [schedOp, abi.SchedOp.shutdownCode], abi.SchedShutdown, {}),
  grant('map_grant_ref', abi.GrantTableOp.mapGrantRef, abi.GnttabMapGrantRef, {}),
  grant('unmap_grant_ref', abi.GrantTableOp.unmapGrantRef, abi.GnttabUnmapGrantRef, {}),
  grant('setup_table', abi.GrantTableOp.setupTable, abi.GnttabSetupTable, {
    dom: self,
    nrFrames: 1,
  }),
  grant('copy', abi.GrantTableOp.copy, abi.GnttabCopy, {}),
  grant('query_size', abi.GrantTableOp.querySize, abi.GnttabQuerySize, { dom: self }),
  grant('get_version', abi.GrantTableOp.getVersion, abi.GnttabGetVersion, { dom: self }),
  grant('set_version', abi.GrantTableOp.setVersion, abi.GnttabSetVersion, { version: 1 }, false),
  // An evtchn_reset of two bytes closes everything: last.
  operation('reset', [eventChannelOp, EVENT.reset], abi.EvtchnReset, { dom: self }),
];

function grant<F extends FieldTable>(
  name: string,
  command: number,
  layout: Struct<F>,
  fields: PartialFieldsOf<F>,
  writes = true,
): Operation {
  const base = operation(name, [grantTableOp, command], layout, fields, { writes });
  return { ...base, registers: (pointer) => [grantTableOp, command, pointer, 1] };
}
