/** Domain 0's public face: xenstore, and the back ends of devices. */
export * from './xenstore/index.ts';
export { BackendDevice } from './xenbus/backend-device.ts';
export type { BackendDeviceOptions, DeviceDriver } from './xenbus/backend-device.ts';
export type { DeviceDefinition } from './xenbus/device-definition.ts';
export { deviceEntries, devicePaths } from './xenbus/device-definition.ts';
export { consoleDevice } from './console/console-device.ts';
export { ConsoleBackend } from './console/console-backend.ts';
export type { ConsoleBackendOptions } from './console/console-backend.ts';
export * from './block/index.ts';
export { VifBackend } from './network/vif/vif-backend.ts';
export type { VifBackendOptions, VifConnection } from './network/vif/vif-backend.ts';
export { vifDevice, vifRings } from './network/vif/vif-device.ts';
export type { VifConfig, VifRings } from './network/vif/vif-device.ts';
export { PollWindow } from './rings/poll-window.ts';
