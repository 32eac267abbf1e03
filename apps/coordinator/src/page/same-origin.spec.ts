import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '@rocinante/http';
import { foreignOrigin, foreignSite } from './same-origin.js';

const host = 'box:7071';
function request(headers: Record<string, string>, more: Partial<HttpRequest> = {}): HttpRequest {
  return { host, secure: false, header: (name: string) => headers[name] ?? null, ...more } as HttpRequest;
}

describe('an order', () => {
  it.each([
    [{ origin: 'http://box:7071' }, {}],
    [{ origin: 'http://box:7071', 'sec-fetch-site': 'same-origin' }, {}],
    [{ origin: 'https://box:7071' }, { secure: true }],
    // A proxy in front that speaks TLS.
    [{ origin: 'https://box:7071' }, {}],
    [{ origin: 'http://[::1]:7071' }, { host: '[::1]:7071' }],
  ])('is taken with %j', (headers, more) => {
    expect(foreignOrigin(request(headers as Record<string, string>, more))).toBeNull();
  });

  it.each([
    [{}, {}, 'an order: expected an Origin header, as browsers send it, received none'],
    [{ origin: 'null' }, {}, 'an order: expected one from http://box:7071, received "null"'],
    [{ origin: 'http://box' }, {}, 'an order: expected one from http://box:7071, received "http://box"'],
    [{ origin: 'http://box:70711' }, {}, 'received "http://box:70711"'],
    [{ origin: 'http://evil.example' }, {}, 'received "http://evil.example"'],
    [{ origin: 'http://box:7071' }, { secure: true }, 'expected one from https://box:7071'],
    [{ origin: 'http://null' }, { host: null }, 'expected one from http://(no host)'],
    [
      { origin: 'http://box:7071', 'sec-fetch-site': 'cross-site' },
      {},
      'an order: expected one of this page\'s own (Sec-Fetch-Site: same-origin), received "cross-site"',
    ],
    [{ origin: 'http://box:7071', 'sec-fetch-site': 'same-site' }, {}, 'received "same-site"'],
    [{ origin: 'http://box:7071', 'sec-fetch-site': 'none' }, {}, 'received "none"'],
  ])('is refused with %j', (headers, more, message) => {
    expect(foreignOrigin(request(headers as Record<string, string>, more))).toContain(message);
  });
});

describe('what is read', () => {
  it.each([{}, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }])(
    'is given with %j',
    (headers) => {
      expect(foreignSite(request(headers as Record<string, string>))).toBeNull();
    },
  );

  it.each(['cross-site', 'same-site', '', 'x'])('is not given to a page of %j', (site) => {
    expect(foreignSite(request({ 'sec-fetch-site': site }))).toBe(
      `expected to be asked by this page (Sec-Fetch-Site: same-origin) or by a person, received "${site}"`,
    );
  });
});
