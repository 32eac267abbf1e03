import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'X-Rocinante-Signature';

/**
 * The signature of a notice: `t=<seconds since 1970>,v1=<hexadecimal>`, where v1 is HMAC-SHA256 over `<t>.<body>`.
 *
 * Whoever checks it recomputes v1 from the bytes as they came, compares in constant time, and refuses a `t` that is more
 * than five minutes from now: a notice that somebody recorded cannot be played again later. Versions after v1 may stand
 * beside it.
 */
export function signatureOf(secret: Uint8Array, seconds: number, body: string): string {
  const v1 = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${v1}`;
}
