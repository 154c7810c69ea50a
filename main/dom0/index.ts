/** Domain 0's public face: xenstore, and the back ends of devices. */
export * from './xenstore/index.ts';
export { ConsoleBackend } from './console/console-backend.ts';
export type { ConsoleBackendOptions } from './console/console-backend.ts';
export * from './block/index.ts';
