/** Quantities for people. */

export function mib(kib: number): number {
  return Math.round(kib / 1024);
}

/** Decimal, as `41.0 MB`. */
export function bytes(count: number): string {
  const [unit, size] =
    count >= 1e9
      ? (['GB', 1e9] as const)
      : count >= 1e6
        ? (['MB', 1e6] as const)
        : (['kB', 1e3] as const);
  return `${(count / size).toFixed(1)} ${unit}`;
}

/** `420 ms`, `1.2 s`, `3 min 5 s`, `2 h 7 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Local time: `2026-03-01 12:00:00`. */
export function timestamp(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
