/** The parts of the emulator's JavaScript that the engine touches: nobody else may name them. */
import type { LoggingEmulator } from './dirty-log.ts';

export interface V86Device {
  get_state?(): unknown[];
  set_state?(state: unknown[]): void;
}

/** What one I/O port does. */
export interface V86PortEntry {
  readonly device: object | undefined;
  readonly read8: unknown;
  readonly write8: unknown;
}

export interface V86Io {
  readonly ports: V86PortEntry[];
  create_empty_entry(): V86PortEntry;
  register_read(
    port: number,
    device: object,
    read8?: () => number,
    read16?: () => number,
    read32?: () => number,
  ): void;
  register_write(
    port: number,
    device: object,
    write8?: (value: number) => void,
    write16?: (value: number) => void,
    write32?: (value: number) => void,
  ): void;
}

export interface PciFunction {
  /** device << 3 | function */
  pci_id: number;
  pci_space: number[];
  pci_bars: ({ size: number } | undefined)[];
  name: string;
}

export interface V86Cpu {
  devices: Record<string, V86Device | undefined> & {
    vga: V86Device & { complete_replot(): void };
    pci: V86Device & {
      register_device(device: PciFunction): Int32Array;
      /** By function number (device << 3 | function), like `device_spaces`. */
      devices: readonly ({ pci_bars: readonly unknown[] } | undefined)[];
      device_spaces: readonly (Int32Array | undefined)[];
      /** `address` is bus, device and function << 8 | register. */
      pci_write8(address: number, value: number): void;
      pci_write16(address: number, value: number): void;
      pci_write32(address: number, value: number): void;
    };
  };
  io: V86Io;
  fw_value: unknown;
  reboot_internal(): void;
  run_hardware_timers(acpiEnabled: number, nowMs: number): number;
  codegen_finalize(index: number, start: number, flags: number, ptr: number, len: number): void;
  wm: { wasm_table: { get(index: number): unknown; set(index: number, value: unknown): void } };
  get_state_pic(): unknown[];
  set_state_pic(state: unknown[]): void;
  jit_imports: Record<string, unknown>;
}

export interface V86Emulator {
  v86: { cpu: V86Cpu };
  add_listener(event: string, listener: (value: never) => void): void;
}

/** Exports of the instrumented module that the engine calls. */
export interface V86Exports extends LoggingEmulator {
  main_loop(): number;
  allocate_memory(bytes: number): number;
  jit_dirty_cache(start: number, end: number): void;
  jit_clear_cache_js(): void;
  update_state_flags(): void;
  handle_irqs(): void;
  device_raise_irq(line: number): void;
  device_lower_irq(line: number): void;
  get_apic_addr(): number;
  get_ioapic_addr(): number;
  get_pic_addr_master(): number;
  get_pic_addr_slave(): number;
  set_tsc(low: number, high: number): void;
  read_tsc(): bigint;
  codegen_finalize_finished(index: number, start: number, flags: number): void;
}

/** The imports the emulator's module asks for; the engine replaces some. */
export interface V86Imports {
  microtick: () => number;
  run_hardware_timers: (acpiEnabled: number, nowMs: number) => number;
  stop_idling: () => void;
  cpu_event_halt: () => void;
  io_port_read32: (port: number) => number;
  io_port_write8: (port: number, value: number) => void;
  io_port_write32: (port: number, value: number) => void;
  codegen_finalize: (index: number, start: number, flags: number, ptr: number, len: number) => void;
  jit_clear_func: (index: number) => void;
  console_log_from_wasm: (offset: number, length: number) => void;
}
