import { describe, expect, it } from 'vitest';
import { mappings, parseMappings, presentPages, residentKiB } from './process-memory.ts';

const SMAPS = `0074a000-03044000 r-xp 0034a000 fe:00 5383544     /opt/node/bin/node
Size:              41960 kB
KernelPageSize:        4 kB
Rss:               31328 kB
Pss:               31328 kB
VmFlags: rd ex mr mw me
7fe594000000-7fe59cb40000 rw-p 00000000 00:00 0
Size:             142592 kB
Rss:               42320 kB
Private_Dirty:     42320 kB
`;

describe('parseMappings', () => {
  it('reads place, size and resident size of each mapping', () => {
    expect(parseMappings(SMAPS)).toEqual([
      { start: 0x74a000, sizeKiB: 41_960, residentKiB: 31_328 },
      { start: 0x7fe594000000, sizeKiB: 142_592, residentKiB: 42_320 },
    ]);
  });

  it('finds nothing in nothing', () => {
    expect(parseMappings('')).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('this process', () => {
  it('has more memory after it has touched some', () => {
    const before = residentKiB(process.pid);
    const touched = new Uint8Array(64 << 20).fill(1);
    expect(residentKiB(process.pid) - before).toBeGreaterThan(48 * 1024);
    expect(touched[touched.length - 1]).toBe(1);
  });

  it('has its mappings resident page by page as it has them in sum', () => {
    const touched = new Uint8Array(64 << 20).fill(1);
    const found = mappings(process.pid).filter(({ residentKiB }) => residentKiB >= 64 * 1024);
    const byPage = found.map(({ start, sizeKiB }) =>
      presentPages(process.pid, start, sizeKiB * 1024),
    );
    expect(touched.length).toBe(64 << 20);
    expect(Math.max(...byPage) * 4).toBeGreaterThanOrEqual(64 * 1024);
  });
});
