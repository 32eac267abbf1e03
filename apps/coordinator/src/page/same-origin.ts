/** Whether a request comes from this page itself, and not from another page in the same browser. */
import type { HttpRequest } from '@rocinante/http';

/**
 * Why an order is not taken: it must come from a page of this coordinator. Browsers say with every POST where it comes from.
 * @returns one line; null where it may be taken.
 */
export function foreignOrigin(request: HttpRequest): string | null {
  const { host, secure } = request;
  const site = request.header('sec-fetch-site');
  if (site !== null && site !== 'same-origin') {
    return `an order: expected one of this page's own (Sec-Fetch-Site: same-origin), received ${shown(site)}`;
  }
  const origin = request.header('origin');
  if (origin === null) return 'an order: expected an Origin header, as browsers send it, received none';
  // A proxy in front may speak TLS for us: then the page's scheme is another than ours.
  const expected = [`https://${host}`, ...(secure ? [] : [`http://${host}`])];
  if (host !== null && expected.includes(origin)) return null;
  return `an order: expected one from ${secure ? 'https' : 'http'}://${host ?? '(no host)'}, received ${shown(origin)}`;
}

/**
 * Why what is asked by GET is not answered: another site's page asks for it in this browser. What it gets it cannot read,
 * but making it costs.
 * @returns one line; null where it may be answered. Programs other than browsers do not say where they come from.
 */
export function foreignSite(request: Pick<HttpRequest, 'header'>): string | null {
  const site = request.header('sec-fetch-site');
  if (site === null || site === 'same-origin' || site === 'none') return null;
  return `expected to be asked by this page (Sec-Fetch-Site: same-origin) or by a person, received ${shown(site)}`;
}

/** What a stranger sent, in a line of ours. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
