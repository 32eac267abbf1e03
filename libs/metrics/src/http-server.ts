import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo, type DropArgument, type Socket } from 'node:net';
import { HttpAddressError } from './errors.js';
import {
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  STOP_GRACE_MS,
  TIMEOUT_CHECK_INTERVAL_MS,
  URL_LENGTH_MAX,
} from './http-limits.js';

/** A request as a route sees it: GET or HEAD, without a body. */
export interface HttpRequest {
  /** Without the query, as it was sent: not decoded. */
  readonly path: string;
  /** What the path has in place of the route's `*`, not decoded; empty for a route without. */
  readonly rest: string;
  /** The `Host` header: by which `host:port` the client came; null where it is none. */
  readonly host: string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export type Route = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/**
 * Routes by path. A path that ends in `/*` takes all that begins like it and has no route of its own; the
 * first such route in the map's order.
 */
export type Routes = ReadonlyMap<string, Route>;

export interface HttpServerOptions {
  /**
   * Told of connections that were dropped, by code: MALFORMED, MESSAGE_TOO_LARGE, TIMEOUT, TOO_MANY_CONNECTIONS; and in a
   * sentence that begins with the other side's `address:port`.
   */
  readonly onDropped?: (code: string, message: string) => void;
  /** Told of a route that threw; the client gets a 500. Without it the process ends. */
  readonly onError?: (error: unknown, path: string) => void;
}

export interface HttpServer {
  /** `host:port`, with the port that was really taken. */
  readonly address: string;
  /** Closes idle connections, lets answers in progress end for STOP_GRACE_MS, then cuts them. */
  stop(): Promise<void>;
}

/** An answer of one line of text. */
export function line(status: number, text: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

/**
 * Serves routes over HTTP at `host:port`; port 0 takes any free one.
 * @throws {HttpAddressError} it cannot listen there.
 */
export async function serveHttp(
  address: string,
  routes: Routes,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    },
    (request, response) => void answer(request, response, routes, options),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.keepAliveTimeout = IDLE_TIMEOUT_MS;
  server.on('drop', (dropped?: DropArgument) =>
    options.onDropped?.(
      'TOO_MANY_CONNECTIONS',
      `${dropped?.remoteAddress}:${dropped?.remotePort}: there are ${CONNECTIONS_MAX} HTTP connections already`,
    ),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = refusals[error.code ?? ''] ?? refusals.other;
    // A client that went away by itself is no matter.
    const { remoteAddress, remotePort } = socket as Socket;
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE' && remoteAddress !== undefined) {
      options.onDropped?.(refusal.code, `${remoteAddress}:${remotePort}: HTTP ${refusal.status}`);
    }
    if (!socket.writable) return void socket.destroy();
    socket.end(`HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  const { hostname, port } = splitAddress(address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new HttpAddressError(address, error)));
    server.listen(port, hostname, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${bound}`,
    stop: () => stopServer(server),
  };
}

const refusals: Readonly<Record<string, { readonly code: string; readonly status: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'MESSAGE_TOO_LARGE', status: '431 Request Header Fields Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'TIMEOUT', status: '408 Request Timeout' },
  other: { code: 'MALFORMED', status: '400 Bad Request' },
};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  { onError }: HttpServerOptions,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  let given: HttpAnswer;
  try {
    given = await answerOf(request, path, routes);
  } catch (error) {
    if (!onError) throw error;
    onError(error, path);
    given = line(500, 'this could not be answered; the log says why');
  }
  const body = typeof given.body === 'string' ? Buffer.from(given.body) : given.body;
  response.writeHead(given.status, {
    'Content-Type': given.contentType,
    'Content-Length': body.byteLength,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(given.status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // What follows a body that nobody reads is no request.
    ...(hasBody(request) ? { Connection: 'close' } : {}),
  });
  response.end(body);
}

function answerOf(request: IncomingMessage, path: string, routes: Routes): HttpAnswer | Promise<HttpAnswer> {
  const { method = '', url = '' } = request;
  if (url.length > URL_LENGTH_MAX) {
    return line(414, `a path: expected at most ${URL_LENGTH_MAX} characters, received ${url.length}`);
  }
  if (method !== 'GET' && method !== 'HEAD') return line(405, `expected GET or HEAD, received ${method}`);
  const host = shownHost(request.headers.host);
  const exact = routes.get(path);
  if (exact && !path.endsWith('*')) return exact({ path, rest: '', host });
  for (const [pattern, route] of routes) {
    const start = pattern.slice(0, -1);
    if (pattern.endsWith('/*') && path.startsWith(start)) {
      return route({ path, rest: path.slice(start.length), host });
    }
  }
  return line(404, `nothing is served at ${path}`);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** A host header that can be given on to others; null for anything else. */
function shownHost(host: string | undefined): string | null {
  return host !== undefined && /^([\w.-]{1,255}|\[[\da-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host) ? host : null;
}

/** Splits `host:port`, whose host may be an IPv6 address in brackets. */
function splitAddress(address: string): { hostname: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { hostname: host.replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
