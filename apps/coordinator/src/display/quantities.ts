/** Quantities as people read them. */

/** Seconds as `1 h 02 min`, `3 min 05 s` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}

/** A whole number as `1,234,567`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** A loss, in nats a character, as `2.3456`; `-` where there is none. */
export function lossShown(loss: number | null | undefined): string {
  return loss?.toFixed(4) ?? '-';
}

/** Bytes as `12.3 MB`, fewer than a million as `12.3 kB`. */
export function bytesShown(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Hours as `1.50`, few as `0.0025`. */
export function hoursShown(hours: number): string {
  return hours.toFixed(hours > 0 && hours < 0.1 ? 4 : 2);
}

/** A count with its noun: `1 worker`, `2 workers`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** A time of the protocol (RFC 3339, in UTC) as `2026-11-24 12:30:05`. */
export function timeShown(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}
