import type { Readable } from 'node:stream';
import type { Holder, Need } from '@rocinante/access';

export type Method = 'GET' | 'HEAD' | 'POST';

/** A request as a route sees it. */
export interface HttpRequest {
  readonly method: Method;
  /** Without the query, as it was sent: not decoded. */
  readonly path: string;
  /** What the path has in place of the route's `*`, not decoded; empty for a route without. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** The `Host` header: by which `host:port` the client came; null where it is none. */
  readonly host: string | null;
  /** A POST's body, at most BODY_BYTES_MAX; empty for the others. */
  readonly body: Uint8Array;
  /** Who asks; null where the server knows nobody apart (no guard), or the route is open. */
  readonly holder: Holder | null;
  /** `address:port` of the other side, for records; empty where it is gone. */
  readonly peer: string;
  /** What the client calls itself, for records: nobody has checked it; null where it says nothing. */
  readonly client: string | null;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** One header, by its name in lower case; null where it was not sent. */
  header(name: string): string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** A stream is sent as it comes, and destroyed when the client goes away. */
  readonly body: string | Uint8Array | Readable;
  /** Further headers, by name; they stand over the server's own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What answers at a path, and who may ask. */
export interface Route {
  readonly needs: Need;
  readonly answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
}

/**
 * Routes by path for GET and HEAD, and by `POST <path>` for POST. A path that ends in `/*` takes all that begins like it
 * and has no route of its own; the first such route in the map's order.
 */
export type Routes = ReadonlyMap<string, Route>;

/** An answer of one line of text. */
export function line(status: number, text: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

/** The route at a path, and what the path has in place of its `*`; null where nothing is served there. */
export function routeAt(
  path: string,
  prefix: 'POST ' | '',
  routes: Routes,
): { route: Route; rest: string } | null {
  const exact = routes.get(prefix + path);
  if (exact && !path.endsWith('*')) return { route: exact, rest: '' };
  for (const [pattern, route] of routes) {
    const start = pattern.slice(0, -1);
    if (pattern.endsWith('/*') && (prefix + path).startsWith(start)) {
      return { route, rest: (prefix + path).slice(start.length) };
    }
  }
  return null;
}
