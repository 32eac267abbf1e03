/** Quantities as people read them; the command line writes them so too. */

/** What stands where nothing is known. */
export const NOTHING = '–';

/** Seconds as `1 h 02 min`, `3 min 05 s` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole >= 3600)
    return `${grouped(Math.floor(whole / 3600))} h ${two(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}

/** A whole number as `1,234,567`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Bytes as `12.3 MB`, `4.56 GB`, fewer than a million as `12.3 kB`. */
export function bytesShown(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A count with its noun: `1 worker`, `2 workers`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** A loss in nats, or a dash. */
export function lossShown(loss: number | null): string {
  return loss === null ? NOTHING : loss.toFixed(4);
}

/** A part of a whole as `62 %`. */
export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** A time of the protocol (RFC 3339, in UTC) as the reader's clock shows it: `14:05:09`. */
export function clockShown(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** The same where it is of today, and otherwise with its day: `28 Nov, 14:05`. */
export function momentShown(time: string, now = new Date()): string {
  const at = new Date(time);
  if (at.toDateString() === now.toDateString()) return clockShown(time);
  return at.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** A time to come as one says it: `03:20`, `Tue 03:20` where it is another day's, and `12 Dec` where that is a week away. */
export function endShown(at: Date, now = new Date()): string {
  const clock = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (at.toDateString() === now.toDateString()) return clock;
  const isSoon = at.getTime() - now.getTime() < 6 * 86_400_000;
  if (isSoon) return `${at.toLocaleDateString('en-GB', { weekday: 'short' })} ${clock}`;
  return at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(at.getFullYear() !== now.getFullYear() && { year: 'numeric' }),
  });
}

/** The day of a time: `Sat 28 Nov`. */
export function dayShown(time: string): string {
  const parts = { weekday: 'short', day: 'numeric', month: 'short' } as const;
  return new Date(time).toLocaleDateString('en-GB', parts).replace(',', '');
}

/** A time of the protocol with its day: `29 Nov 2026, 14:05`. */
export function timeShown(time: string): string {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** Seconds as `12.3 ms` or `1.50 s`. */
export function briefly(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toFixed(2)} s`;
}
