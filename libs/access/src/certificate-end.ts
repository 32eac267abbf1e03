import { CERTIFICATE_NOTICE_DAYS } from './access-limits.js';

const DAY_MS = 86_400_000;

/**
 * What a client says of its own certificate, in one line, when that ends soon; null where there is time.
 * @param path its file. @param now milliseconds since 1970.
 */
export function endingSoon(path: string, notAfter: Date, now: number): string | null {
  const days = (notAfter.getTime() - now) / DAY_MS;
  if (days >= CERTIFICATE_NOTICE_DAYS) return null;
  const whole = Math.floor(days);
  const when = whole < 1 ? 'within a day' : `in ${whole} day${whole === 1 ? '' : 's'}`;
  const moment = notAfter.toISOString().replace('.000Z', 'Z');
  return `${path}: this certificate ends ${when}, at ${moment}, and is refused from then on; renew it with what made it (rocinante certs --renew)`;
}
