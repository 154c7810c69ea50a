import { describe, expect, it } from 'vitest';
import * as format from './format.ts';

const MIB = 1024;
const GIB = 1024 * 1024;

describe('figures', () => {
  it('tell memory in the unit people set it in', () => {
    expect(format.memory(96 * MIB)).toBe('96 MiB');
    expect(format.memory(1.5 * GIB)).toBe('1536 MiB');
    expect(format.memory(2 * GIB)).toBe('2 GiB');
    expect(format.memory(0)).toBe('0 MiB');
    expect(format.memory(20.5 * GIB)).toBe('20.5 GiB');
    expect(format.memoryOf(96 * MIB, 128 * MIB)).toBe('96 of 128 MiB');
    expect(format.memoryOf(10 * GIB, 100 * GIB)).toBe('10 of 100 GiB');
  });

  it('tell times in one or two units', () => {
    expect(format.duration(45_000)).toBe('45 s');
    expect(format.duration(12 * 60_000)).toBe('12 min');
    expect(format.duration(185 * 60_000)).toBe('3 h 5 min');
    expect(format.duration(50 * 3_600_000)).toBe('2 d 2 h');
    expect(format.shortDuration(47 * 3_600_000)).toBe('47 h');
    expect(format.shortDuration(49 * 3_600_000)).toBe('2 d');
    expect(format.milliseconds(21.4)).toBe('21 ms');
    expect(format.milliseconds(1400)).toBe('1.4 s');
    expect(format.milliseconds(0.2)).toBe('< 1 ms');
  });

  it('say just now for what has just happened, also with clocks a little apart', () => {
    expect(format.ago(1000, 500)).toBe('just now');
    expect(format.ago(0, 65_000)).toBe('1 min ago');
  });

  it('show no more digits than matter', () => {
    expect(format.percent(0)).toBe('0 %');
    expect(format.percent(0.44)).toBe('0.4 %');
    expect(format.percent(12.4)).toBe('12 %');
    expect(format.bandwidth(125_000_000)).toBe('1 Gbit/s');
    expect(format.bandwidth(1_250_000)).toBe('10 Mbit/s');
    expect(format.fileSize(27_482_112)).toBe('27.5 MB');
    expect(format.size(8 * 2 ** 30)).toBe('8 GiB');
    expect(format.size(1.5 * 2 ** 30)).toBe('1.5 GiB');
    expect(format.size(2 ** 41)).toBe('2 TiB');
    expect(format.size(196_608)).toBe('192 KiB');
    expect(format.rate(1_240_000)).toBe('1.2 MB/s');
    expect(format.rate(40_400)).toBe('40 kB/s');
    expect(format.rate(0)).toBe('0 B/s');
    expect(format.count(24_576)).toBe('24\u202f576');
  });
});
