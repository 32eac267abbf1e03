import { createHash } from 'node:crypto';
import type { HttpAnswer } from '@rocinante/http';

/** What the page may load: its own files, and nothing of anybody else's. No markup brings a script or a style of its own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const HEADERS = {
  // Not `no-referrer`: under that, a browser says of the page's own forms that they come from `null`. Others learn nothing of either.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** An answer with the page's policy. */
export function guarded(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { 'Content-Security-Policy': POLICY, ...HEADERS, ...answer.headers } };
}

/** The policy of a page that is one document with one style in it, and no script. */
export function policyOfStyle(style: string): string {
  const digest = createHash('sha256').update(style).digest('base64');
  return POLICY.replace("style-src 'self'", `style-src 'sha256-${digest}'`)
    .replace("script-src 'self'; ", '')
    .replace("connect-src 'self'; ", '');
}

/** An answer in JSON. */
export function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}
