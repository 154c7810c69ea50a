/** Figures as people read them: a unit, and no more precision than they carry. */

const KIB_PER_MIB = 1024;
const KIB_PER_GIB = 1024 * 1024;
/** Below it megabytes are what people set and compare. */
const LARGE_KIB = 16 * KIB_PER_GIB;

/** `96 MiB`, `1536 MiB`, `2 GiB`. */
export function memory(kib: number): string {
  const isWhole = kib > 0 && kib % KIB_PER_GIB === 0;
  return isWhole || kib >= LARGE_KIB ? `${gib(kib)} GiB` : `${mib(kib)} MiB`;
}

/** `96 of 128 MiB`; both in the unit of the larger. */
export function memoryOf(kib: number, ofKib: number): string {
  return ofKib >= LARGE_KIB
    ? `${gib(kib)} of ${gib(ofKib)} GiB`
    : `${mib(kib)} of ${mib(ofKib)} MiB`;
}

export function mib(kib: number): string {
  return String(Math.round(kib / KIB_PER_MIB));
}

function gib(kib: number): string {
  return trim((kib / KIB_PER_GIB).toFixed(kib >= 100 * KIB_PER_GIB ? 0 : 2));
}

/** `27.5 MB`: file sizes, in powers of ten. */
export function fileSize(bytes: number): string {
  if (bytes >= 1e9) return `${trim((bytes / 1e9).toFixed(1))} GB`;
  if (bytes >= 1e6) return `${trim((bytes / 1e6).toFixed(1))} MB`;
  return `${Math.round(bytes / 1e3)} kB`;
}

/** `8 GiB`, `1.5 GiB`, `512 MiB`, `192 KiB`: disks and volumes, in powers of two. */
export function size(bytes: number): string {
  const kib = bytes / 1024;
  if (kib >= KIB_PER_GIB * 1024) return `${trim((kib / KIB_PER_GIB / 1024).toFixed(2))} TiB`;
  if (kib >= KIB_PER_GIB) return `${gib(kib)} GiB`;
  return kib >= KIB_PER_MIB ? `${mib(kib)} MiB` : `${Math.round(kib)} KiB`;
}

/** `1.2 MB/s`, `40 kB/s`, `0 B/s`. */
export function rate(bytesPerSecond: number): string {
  if (bytesPerSecond >= 1e9) return `${trim((bytesPerSecond / 1e9).toFixed(1))} GB/s`;
  if (bytesPerSecond >= 1e6) return `${trim((bytesPerSecond / 1e6).toFixed(1))} MB/s`;
  if (bytesPerSecond >= 1e3) return `${Math.round(bytesPerSecond / 1e3)} kB/s`;
  return `${Math.round(bytesPerSecond)} B/s`;
}

/** `1 Gbit/s`. */
export function bandwidth(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  if (bits >= 1e9) return `${trim((bits / 1e9).toFixed(1))} Gbit/s`;
  if (bits >= 1e6) return `${trim((bits / 1e6).toFixed(1))} Mbit/s`;
  return `${Math.round(bits / 1e3)} kbit/s`;
}

/** `0.4 %`, `12 %`. */
export function percent(value: number): string {
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
}

/** `21 ms`, `1.4 s`. */
export function milliseconds(ms: number): string {
  if (ms < 1) return '< 1 ms';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${trim((ms / 1000).toFixed(1))} s`;
}

/** `45 s`, `12 min`, `3 h 5 min`, `4 d 2 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** Two or three characters for narrow places: `45 s`, `12 m`, `3 h`, `4 d`. */
export function shortDuration(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes < 1) return `${Math.floor(Math.max(0, ms) / 1000)} s`;
  if (minutes < 60) return `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** `just now`, `12 min ago`. */
export function ago(timeMs: number, nowMs: number): string {
  const past = nowMs - timeMs;
  return past < 10_000 ? 'just now' : `${duration(past)} ago`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', '\u202f');
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function exactTime(timeMs: number): string {
  return exact.format(timeMs);
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const tail = small === 0 ? '' : ` ${small} ${smallUnit}`;
  return `${large} ${largeUnit}${tail}`;
}

function trim(figure: string): string {
  return figure.includes('.') ? figure.replace(/\.?0+$/, '') : figure;
}
