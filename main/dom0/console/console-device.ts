/**
 * A secondary console in xenstore, as `xl` writes it (`libxl__device_console_add`): `hvc<number>` in
 * the guest. Linux's driver allocates the ring, writes `ring-ref` and `port` and goes to state 3
 * without waiting for the back end; it connects when the back end is at 4.
 */
import type { DeviceDefinition } from '../xenbus/device-definition.ts';
import { CONSOLE_LIMIT_BYTES } from '../xenstore/domain-skeleton.ts';

export interface ConsoleDevice {
  /** 1 to 9: Linux takes the last digit of the path as the console's number. */
  readonly number: number;
  /** What the console is for; the guest can find it by this name. */
  readonly name: string;
}

/** @throws RangeError for a number Linux cannot tell from another's */
export function consoleDevice({ number, name }: ConsoleDevice): DeviceDefinition {
  if (!Number.isInteger(number) || number < 1 || number > 9) {
    throw new RangeError(`a secondary console's number is 1 to 9, not ${number}`);
  }
  const protocol = 'vt100';
  return {
    kind: 'console',
    number,
    frontend: { protocol },
    frontendReadOnly: { name, limit: CONSOLE_LIMIT_BYTES, type: 'ioemu', output: 'pty', tty: '' },
    backend: { protocol, name },
    features: {},
  };
}
