import { describe, expect, it } from 'vitest';
import type { Pool, Volume } from '../../shared/contract/schemas.ts';
import { diskOf, freeVolumeName, poolsOfHost, usableVolumes } from './disk-choice.ts';
import { sourceName, sourceParts } from './disk-source.ts';

function volume(name: string, change: Partial<Volume> = {}): Volume {
  const sizes = { bytes: 1, allocatedBytes: 1 };
  return {
    pool: 'p',
    name,
    format: 'raw',
    ...sizes,
    over: null,
    usedBy: [],
    fault: null,
    ...change,
  };
}

function pool(name: string, host: string | null, volumes: Volume[] = []): Pool {
  const kind = host === null ? 'shared' : 'local';
  return { name, kind, host, path: '/p', capacityBytes: 1, freeBytes: 1, fault: null, volumes };
}

describe('the content of a disk', () => {
  it('is taken apart as the contract says it', () => {
    expect(sourceParts('/srv/a.raw')).toEqual({ kind: 'path', path: '/srv/a.raw' });
    expect(sourceParts('p/a.raw')).toEqual({ kind: 'volume', pool: 'p', volume: 'a.raw' });
    expect(sourceParts('nbd://h:1/x').kind).toBe('nbd');
    expect(sourceName('/srv/a.raw')).toBe('a.raw');
    expect(sourceName('nbd://h:1')).toBe('h:1');
  });

  it('lies in a pool that the host sees', () => {
    const pools = [pool('nas', null), pool('a', 'alpha'), pool('b', 'beta')];
    expect(poolsOfHost(pools, 'alpha').map(({ name }) => name)).toEqual(['nas', 'a']);
    expect(poolsOfHost(pools, null)).toHaveLength(3);
  });

  it('may be a volume that nobody uses; the others stay to be seen, with the reason', () => {
    const used = volume('used', { usedBy: ['web1'] });
    const broken = volume('broken', { fault: 'Its header is broken.' });
    const found = usableVolumes([pool('p', null, [used, broken, volume('free')])]);
    expect(found.map(({ source, reason }) => [source, reason])).toEqual([
      ['p/free', null],
      ['p/used', 'used by web1'],
      ['p/broken', 'Its header is broken.'],
    ]);
  });

  it('gets a name that is free, whatever its ending', () => {
    const full = pool('p', null, [volume('web1.qcow2'), volume('web1-2.raw')]);
    expect(freeVolumeName(full, 'web1', 'qcow2')).toBe('web1-3.qcow2');
    expect(freeVolumeName(undefined, 'web1', 'raw')).toBe('web1.raw');
  });

  it('becomes a disk with only what the kind of content needs', () => {
    const choice = {
      pool: 'p',
      name: 'a.qcow2',
      sizeMiB: 64,
      format: 'qcow2',
      volume: 'p/b.raw',
      path: ' /srv/c.raw ',
      nbd: 'nbd://h:1/x',
    } as const;
    expect(diskOf({ kind: 'new', ...choice })).toEqual({
      source: 'p/a.qcow2',
      sizeMiB: 64,
      format: 'qcow2',
    });
    expect(diskOf({ kind: 'volume', ...choice })).toEqual({ source: 'p/b.raw' });
    expect(diskOf({ kind: 'path', ...choice })).toEqual({ source: '/srv/c.raw' });
    expect(diskOf({ kind: 'nbd', ...choice })).toEqual({ source: 'nbd://h:1/x' });
  });
});
