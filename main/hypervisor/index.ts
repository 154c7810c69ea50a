/** The hypervisor's public face: all that domain 0, migration, toolstack and workers may use. */
export * from './abi/index.ts';
export { compileEngine, ENGINE_VERSION } from './engine/engine-module.ts';
export { EmulatorPanic } from './engine/emulator-panic.ts';
export { warmUp } from './engine/load-v86.ts';
export { PAGE_SIZE } from './engine/guest-memory.ts';
export type { GuestMemory } from './engine/guest-memory.ts';
export { DomainCounter, DomainCounters, HostFrames } from './counters.ts';
export { Domain, DomainStopped } from './domain.ts';
export type { DomainConfig, DomainHost } from './domain.ts';
export { DOMAIN_STATE_VERSION, parseDomainState } from './domain-state.ts';
export type { DomainState, WholeDomainState } from './domain-state.ts';
export type { EngineState } from './engine/engine.ts';
export { engineSections, engineStateOf } from './engine/engine-state.ts';
export type { BackendPort, Channel as EventChannel } from './event-channels.ts';
export { memoryLayout } from './builder/memory-layout.ts';
export type { MemoryLayout } from './builder/memory-layout.ts';
export type { KernelImage } from './builder/build.ts';
export { XEN_MAJOR, XEN_MINOR, XEN_EXTRAVERSION } from './xen-version.ts';
