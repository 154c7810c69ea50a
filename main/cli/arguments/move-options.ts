/** How a domain may be moved: of `migrate` and `host drain`, after `virsh migrate`'s names. */
import type { MoveOptions } from '../../../shared/contract/index.ts';
import type { Arguments, Options } from './command.ts';
import { usageError } from './usage-error.ts';

export const MOVE_OPTIONS = {
  'min-rate': {
    kind: 'number',
    value: 'BYTES',
    help: 'a second that it takes of the link at least; else half of it',
  },
  'max-rate': {
    kind: 'number',
    value: 'BYTES',
    help: 'a second that it takes at most, while it runs',
  },
  'auto-converge': {
    kind: 'flag',
    help: 'slow a guest down that writes faster than the link carries',
  },
  'max-downtime': {
    kind: 'number',
    value: 'MS',
    help: 'the longest it may stand still; else it stays',
  },
  pool: {
    kind: 'text',
    value: 'POOL',
    help: 'where disks go that the other host does not see; else a local pool of it, else a shared one',
  },
  keep: { kind: 'flag', help: 'the volumes that such disks leave are not deleted' },
  'allow-longer-stop': {
    kind: 'flag',
    help: 'where --max-downtime cannot be kept, move it all the same',
  },
} as const satisfies Options;

type Given = Arguments<[], typeof MOVE_OPTIONS>['options'];

/** @throws DomusError `usage` for what contradicts itself */
export function moveOptions(command: string, given: Given): MoveOptions {
  const minimum = given['min-rate'];
  const maximum = given['max-rate'];
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    throw usageError('--min-rate is above --max-rate.', command);
  }
  if (given['allow-longer-stop'] && given['max-downtime'] === undefined) {
    throw usageError('--allow-longer-stop says what is done beyond --max-downtime.', command);
  }
  return {
    minRateBytesPerSecond: minimum,
    maxRateBytesPerSecond: maximum,
    autoConverge: given['auto-converge'],
    maxDowntimeMs: given['max-downtime'],
    allowLongerStop: given['allow-longer-stop'],
    pool: given.pool,
    keepDisks: given.keep,
  };
}
