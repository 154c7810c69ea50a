/**
 * Where each exported constant of this folder stands in Xen's headers: a C expression for each key
 * of a table, or why there is none.
 */
import { snakeCase } from '../constants.ts';

export type ConstantSource = ((key: string) => string) | { readonly notInHeaders: string };

const lower =
  (prefix: string, exceptions: Readonly<Record<string, string>> = {}): ConstantSource =>
  (key) =>
    prefix + (exceptions[key] ?? snakeCase(key));

const upper =
  (prefix: string, exceptions: Readonly<Record<string, string>> = {}): ConstantSource =>
  (key) =>
    prefix + (exceptions[key] ?? snakeCase(key).toUpperCase());

const expressions =
  (byKey: Readonly<Record<string, string>>): ConstantSource =>
  (key) => {
    const expression = byKey[key];
    if (expression === undefined) throw new Error(`no C expression for ${key}`);
    return expression;
  };

const expression =
  (text: string): ConstantSource =>
  () =>
    text;

const unplugDocument = { notInHeaders: 'Xen docs/misc/hvm-emulated-unplug' };

export const constantSources: Readonly<Record<string, ConstantSource>> = {
  PAGE_SHIFT: expression('XEN_PAGE_SHIFT'),
  PAGE_SIZE: expression('1 << XEN_PAGE_SHIFT'),

  Hypercall: lower('__HYPERVISOR_'),
  ReservedDomId: upper('DOMID_'),
  Virq: (key) => `VIRQ_${snakeCase(key).toUpperCase()}`.replace(/ARCH(\d)/, 'ARCH_$1'),
  NR_VIRQS: expression('NR_VIRQS'),
  ConsoleIo: lower('CONSOLEIO_'),
  VmAssistCommand: lower('VMASST_CMD_'),
  VmAssistType: lower('VMASST_TYPE_', {
    fourGbSegments: '4gb_segments',
    fourGbSegmentsNotify: '4gb_segments_notify',
  }),
  PvclockFlag: upper('XEN_PVCLOCK_', { tscStable: 'TSC_STABLE_BIT' }),
  LEGACY_MAX_VCPUS: expression('XEN_LEGACY_MAX_VCPUS'),
  HVM_DEBUGCONS_IOPORT: expression('XEN_HVM_DEBUGCONS_IOPORT'),
  EVENT_CHANNELS_2LEVEL: expression('EVTCHN_2L_NR_CHANNELS'),
  Errno: (key) => `XEN_${key}`,

  MemoryOp: lower('XENMEM_'),
  MEMORY_OP_COMMAND_BITS: { notInHeaders: 'MEMOP_EXTENT_SHIFT, private to Xen' },
  MapSpace: lower('XENMAPSPACE_'),
  MAPIDX_GRANT_TABLE_STATUS: expression('XENMAPIDX_grant_table_status'),
  MemoryFlag: lower('XENMEMF_'),

  EventChannelOp: lower('EVTCHNOP_'),
  EventChannelStatus: lower('EVTCHNSTAT_'),

  HvmOp: lower('HVMOP_'),
  HvmMemType: lower('HVMMEM_'),
  HvmParam: upper('HVM_PARAM_'),
  HVM_NR_PARAMS: expression('HVM_NR_PARAMS'),
  CallbackType: upper('HVM_PARAM_CALLBACK_TYPE_'),
  CALLBACK_IRQ_TYPE_SHIFT: expression('__builtin_ctzll(HVM_PARAM_CALLBACK_IRQ_TYPE_MASK)'),
  CALLBACK_IRQ_TYPE_MASK: expression('HVM_PARAM_CALLBACK_IRQ_TYPE_MASK'),

  VcpuOp: lower('VCPUOP_'),
  Runstate: lower('RUNSTATE_'),
  RUNSTATE_UPDATE: expression('XEN_RUNSTATE_UPDATE'),
  SingleshotFlag: lower('VCPU_SSHOTTMR_'),

  SchedOp: lower('SCHEDOP_'),
  ShutdownReason: lower('SHUTDOWN_'),
  SHUTDOWN_MAX: expression('SHUTDOWN_MAX'),
  SCHED_POLL_MAX_PORTS: { notInHeaders: 'a literal in Xen common/sched' },

  VersionOp: lower('XENVER_'),
  VersionTextSize: expressions({
    extraversion: 'sizeof(xen_extraversion_t)',
    capabilities: 'sizeof(xen_capabilities_info_t)',
    changeset: 'sizeof(xen_changeset_info_t)',
    commandline: 'sizeof(xen_commandline_t)',
    guestHandle: 'sizeof(xen_domain_handle_t)',
  }),
  Feature: lower('XENFEAT_', {
    paePgdirAbove4gb: 'pae_pgdir_above_4gb',
    armSmcccSupported: 'ARM_SMCCC_supported',
  }),
  NR_FEATURE_SUBMAPS: expression('XENFEAT_NR_SUBMAPS'),

  CPUID_FIRST_LEAF: expression('XEN_CPUID_FIRST_LEAF'),
  CpuidLeaf: { notInHeaders: 'described in a comment of arch-x86/cpuid.h' },
  CPUID_MAX_NUM_LEAVES: expression('XEN_CPUID_MAX_NUM_LEAVES'),
  CpuidSignature: upper('XEN_CPUID_SIGNATURE_'),
  CpuidHvmFeature: upper('XEN_HVM_CPUID_'),
  CpuidTimeFlag: { notInHeaders: 'described in a comment of arch-x86/cpuid.h' },
  HYPERCALL_PAGE_MSR: { notInHeaders: "Xen's choice, told to guests in CPUID" },
  HYPERCALL_STUB_BYTES: { notInHeaders: 'described in a comment of arch-x86/xen-x86_32.h' },

  PhysdevOp: lower('PHYSDEVOP_'),

  GrantTableOp: lower('GNTTABOP_'),
  GrantStatus: lower('GNTST_'),
  GrantFlag: lower('GTF_', { pwt: 'PWT', pcd: 'PCD', pat: 'PAT' }),
  GrantMapFlag: lower('GNTMAP_'),
  GrantCopyFlag: lower('GNTCOPY_'),
  ReservedGrant: upper('GNTTAB_RESERVED_'),
  NR_RESERVED_GRANTS: expression('GNTTAB_NR_RESERVED_ENTRIES'),

  PlatformPci: { notInHeaders: "QEMU's xen_platform device" },
  PlatformIoRegister: { notInHeaders: "QEMU's xen_platform device" },
  UnplugPort: unplugDocument,
  UnplugMagic: unplugDocument,
  UNPLUG_PROTOCOL_VERSION: unplugDocument,
  UnplugMask: unplugDocument,
  PLATFORM_FLAG_ROM_LOCKED: { notInHeaders: "QEMU's xen_platform device" },
  PvDriverProduct: (key) => `pv_driver_product("${key}")`,

  XenstoreMessageType: upper('XS_'),
  XENSTORE_ERRORS: (index) => `xsd_errors[${index}].errstring`,
  XenstoreLimit: upper('XENSTORE_'),
  XenstoreServerFeature: upper('XENSTORE_SERVER_FEATURE_'),
  XenstoreConnection: upper('XENSTORE_'),
  XenstoreRingError: upper('XENSTORE_ERROR_'),

  BlkifOp: upper('BLKIF_OP_'),
  BlkifStatus: upper('BLKIF_RSP_'),
  VdiskInfo: upper('VDISK_'),
  BLKIF_DISCARD_SECURE: expression('BLKIF_DISCARD_SECURE'),
  BlkifLimit: upper('BLKIF_'),
  BLKIF_RING_ENTRY_BYTES: expression('sizeof(union blkif_sring_entry)'),
  BLKIF_SECTOR_BYTES: { notInHeaders: 'described in a comment of io/blkif.h' },
  BLKIF_PROTOCOL_X86_32: expression('XEN_IO_PROTO_ABI_X86_32'),

  NetTxFlag: lower('NETTXF_'),
  NetRxFlag: lower('NETRXF_'),
  NetifStatus: upper('NETIF_RSP_'),
  NetifExtraType: upper('XEN_NETIF_EXTRA_TYPE_'),
  NETIF_EXTRA_FLAG_MORE: expression('XEN_NETIF_EXTRA_FLAG_MORE'),
  NetifGsoType: upper('XEN_NETIF_GSO_TYPE_'),
  NetifRingEntryBytes: expressions({
    tx: 'sizeof(union netif_tx_sring_entry)',
    rx: 'sizeof(union netif_rx_sring_entry)',
  }),
  NetifLimit: expressions({
    minSlots: 'XEN_NETIF_NR_SLOTS_MIN',
    maxTxSize: 'XEN_NETIF_MAX_TX_SIZE',
  }),

  ConsoleRingSize: (key) => `sizeof_field(struct xencons_interface, ${key})`,
  XenbusState: (key) => `XenbusState${key.charAt(0).toUpperCase()}${key.slice(1)}`,
};
