import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { isIPv6, type AddressInfo, type DropArgument, type Socket } from 'node:net';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { handshakeRefusal, mayDo, type Holder, type Need, type TlsMaterial } from '@rocinante/access';
import { parseAddress } from '@rocinante/base';
import { HttpAddressError } from './errors.js';
import { foreignHost } from './foreign-host.js';
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  STOP_GRACE_MS,
  TIMEOUT_CHECK_INTERVAL_MS,
  STRANGERS_PER_ADDRESS_MAX,
  URL_LENGTH_MAX,
} from './http-limits.js';
import { LiveStreams, type StreamRefusal } from './live-streams.js';
import type { HttpRefusalCode } from './refusal-codes.js';
import { line, type HttpAnswer, type HttpRequest, type Method, type Route, type Routes } from './routes.js';
import { Strangers } from './strangers.js';

/** Who a request comes from, by what it shows; null where that says nothing. */
export type Guard = (request: Pick<HttpRequest, 'header' | 'secure'>) => Holder | null;

/**
 * What the server shows over TLS. No client is asked for a certificate, since browsers and Prometheus have none: an authority
 * in the material is for gRPC alone, and here a token says who comes.
 */
export type HttpCertificate = Pick<TlsMaterial, 'cert' | 'key'>;

export interface HttpServerOptions {
  /** Serves over TLS 1.3. Without it, in plain. */
  readonly tls?: HttpCertificate;
  /** Knows who asks. Without one every route is answered, whatever it needs. */
  readonly guard?: Guard;
  /**
   * `host:port`s by which this server goes. Where nobody knows who asks, what is not open to all is told only whoever asks for
   * it by one of these, by an address in digits or by localhost; else by any name.
   */
  readonly ownNames?: readonly string[];
  /** What whoever is not known gets in place of a line, with status 401: a page to log in, for instance; null for the line. */
  readonly unknown?: (request: HttpRequest) => HttpAnswer | null;
  /**
   * Told of connections that were dropped and of requests that were refused, in a sentence that begins with the other side's
   * `address:port`.
   */
  readonly onDropped?: (code: HttpRefusalCode, message: string) => void;
  /** Told of a route that threw; the client gets a 500. Without it the process ends. */
  readonly onError?: (error: unknown, path: string) => void;
}

export interface HttpServer {
  /** `host:port`, with the port that was really taken. */
  readonly address: string;
  /** Shows another certificate to connections that come from now on. For a server that was begun with one. */
  replaceCertificate(tls: HttpCertificate): void;
  /** Asks the guard once more whose the streams under way are: those that may not go on are cut. */
  recheck(): void;
  /** Closes idle connections, lets answers in progress end for STOP_GRACE_MS, then cuts them. */
  stop(): Promise<void>;
}

/** What one server works with. */
interface Serving extends HttpServerOptions {
  readonly routes: Routes;
  readonly strangers: Strangers;
  readonly streams: LiveStreams;
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
  const { tls } = options;
  const limits: ServerOptions = {
    maxHeaderSize: HEADERS_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
  };
  const strangers = new Strangers();
  const streams = new LiveStreams(({ code, message }) => options.onDropped?.(code, message));
  const serving: Serving = { ...options, routes, strangers, streams };
  const listener: RequestListener = (request, response) => void answer(request, response, serving);
  const secure = tls ? createSecureServer({ ...limits, ...secureOptions(tls) }, listener) : null;
  const server = secure ?? createServer(limits, listener);
  if (secure) watchHandshakes(secure, options);
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.keepAliveTimeout = IDLE_TIMEOUT_MS;
  server.prependListener('connection', (socket: Socket) => {
    if (strangers.admit(socket)) return;
    const who = `${socket.remoteAddress}:${socket.remotePort}`;
    const what = `there are ${STRANGERS_PER_ADDRESS_MAX} HTTP connections of nobody known from its address already`;
    options.onDropped?.('TOO_MANY_CONNECTIONS', `${who}: ${what}`);
    socket.destroy();
  });
  server.on('drop', (dropped?: DropArgument) =>
    options.onDropped?.(
      'TOO_MANY_CONNECTIONS',
      `${dropped?.remoteAddress}:${dropped?.remotePort}: there are ${CONNECTIONS_MAX} HTTP connections already`,
    ),
  );
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A handshake that failed was told of, and its socket is closed.
    if (socket.destroyed) return;
    // What still comes on a connection that was refused is an error each time, and no refusal of its own.
    if (refused.has(socket)) return void socket.destroy();
    refused.add(socket);
    const refusal = refusals[error.code ?? ''] ?? refusals.other;
    const { remoteAddress, remotePort } = socket as Socket;
    // Under TLS 1.3 a browser says only behind the handshake that it does not take our certificate.
    const alert = error.code?.startsWith('ERR_SSL') === true ? handshakeRefusal(error) : null;
    if (alert !== null) {
      options.onDropped?.(alert.code, `${remoteAddress}:${remotePort}: ${alert.what}`);
      return void socket.destroy();
    }
    // A client that went away by itself is no matter.
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE' && remoteAddress !== undefined) {
      options.onDropped?.(refusal.code, `${remoteAddress}:${remotePort}: HTTP ${refusal.status}`);
    }
    if (!socket.writable) return void socket.destroy();
    socket.end(`HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  const parsed = parseAddress(address);
  if (parsed === null) throw new HttpAddressError(address, new Error('expected host:port'));
  const { host, port } = parsed;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new HttpAddressError(address, error)));
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${host}:${bound}`,
    replaceCertificate: (next) => secure?.setSecureContext(secureOptions(next)),
    recheck: () => streams.recheck(),
    stop: () => stopServer(server),
  };
}

function secureOptions({ cert, key }: HttpCertificate): {
  cert: Buffer;
  key: Buffer;
  minVersion: 'TLSv1.3';
  handshakeTimeout: number;
} {
  return { cert, key, minVersion: 'TLSv1.3', handshakeTimeout: HEADERS_TIMEOUT_MS };
}

/** Tells of handshakes that failed, and closes their connections. */
function watchHandshakes(server: SecureServer, { onDropped }: HttpServerOptions): void {
  // Before Node's own listener, which would answer in HTTP what has not got so far.
  server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = handshakeRefusal(error);
    const { remoteAddress, remotePort } = socket;
    if (refusal !== null) onDropped?.(refusal.code, `${remoteAddress}:${remotePort}: ${refusal.what}`);
    socket.destroy();
  });
}

const refusals: Readonly<Record<string, { readonly code: HttpRefusalCode; readonly status: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'MESSAGE_TOO_LARGE', status: '431 Request Header Fields Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'TIMEOUT', status: '408 Request Timeout' },
  other: { code: 'MALFORMED', status: '400 Bad Request' },
};

async function answer(incoming: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  let given: HttpAnswer | null;
  try {
    given = await answerOf(incoming, serving);
  } catch (error) {
    if (!serving.onError) throw error;
    serving.onError(error, pathOf(incoming));
    given = closing(line(500, 'this could not be answered; the log says why'));
  }
  if (given === null) return;
  const { status, contentType, headers } = given;
  const body = typeof given.body === 'string' ? Buffer.from(given.body) : given.body;
  response.writeHead(status, {
    'Content-Type': contentType,
    ...(body instanceof Readable ? {} : { 'Content-Length': body.byteLength }),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer realm="rocinante"' } : {}),
    // What follows a body that nobody reads is no request.
    ...(hasBody(incoming) && !incoming.complete ? { Connection: 'close' } : {}),
    ...headers,
  });
  if (!(body instanceof Readable)) return void response.end(body);
  response.flushHeaders();
  // The client of a stream goes away when it likes; that is its end, not an error.
  pipeline(body, response, () => undefined);
}

/** The answer to a request; null where whoever sent it went away before its end. */
async function answerOf(incoming: IncomingMessage, serving: Serving): Promise<HttpAnswer | null> {
  const { routes, guard, ownNames, strangers, onDropped } = serving;
  const { method = '', url = '' } = incoming;
  if (url.length > URL_LENGTH_MAX) {
    const what = `a path: expected at most ${URL_LENGTH_MAX} characters, received ${url.length}`;
    onDropped?.('MESSAGE_TOO_LARGE', `${peerOf(incoming.socket)}: ${method.slice(0, 16)}: ${what}`);
    return closing(line(414, what));
  }
  const path = pathOf(incoming);
  const found = routeAt(path, method === 'POST' ? 'POST ' : '', routes);
  const request: HttpRequest = {
    method: method as Method,
    path,
    rest: found?.rest ?? '',
    query: new URLSearchParams(url.slice(path.length)),
    host: shownHost(incoming.headers.host),
    body: new Uint8Array(),
    holder: null,
    peer: peerOf(incoming.socket),
    secure: 'encrypted' in incoming.socket,
    header: (name) => incoming.headers[name]?.toString() ?? null,
  };
  if (!guard) {
    const isOpen = found?.route.needs === 'open';
    const stranger = isOpen || ownNames === undefined ? null : foreignHost(request.host, ownNames);
    if (stranger !== null) {
      onDropped?.(
        'FOREIGN_HOST',
        `${request.peer}: ${method.slice(0, 16)} ${path.slice(0, 80)}: ${stranger}`,
      );
      return closing(line(421, stranger));
    }
    strangers.letIn(incoming.socket);
    return routed(incoming, request, found?.route, serving);
  }
  const holder = guard(request);
  if (holder !== null) {
    strangers.letIn(incoming.socket);
    return routed(incoming, { ...request, holder }, found?.route, serving);
  }
  // Whoever is not known is not told either what there is.
  const open = found?.route.needs === 'open';
  const given = open
    ? await routed(incoming, request, found.route, serving)
    : refusedUnknown(request, serving);
  // Nobody holds a connection in whose name nothing is asked.
  return given && closing(given);
}

function refusedUnknown(request: HttpRequest, { unknown, onDropped }: Serving): HttpAnswer {
  const { method, path, peer } = request;
  const shown = request.header('authorization') !== null;
  const page = shown ? null : (unknown?.(request) ?? null);
  // Whoever is shown where to log in was refused nothing yet.
  if (page !== null) return page;
  const what = `expected a token: Authorization: Bearer <token>, received ${shown ? 'another' : 'none'}`;
  onDropped?.('UNAUTHENTICATED', `${peer}: ${method.slice(0, 16)} ${path.slice(0, 80)}: ${what}`);
  return line(401, what);
}

/** What a route answers to a request that may come so far. */
async function routed(
  incoming: IncomingMessage,
  request: HttpRequest,
  route: Route | undefined,
  { routes, guard, streams, onDropped }: Serving,
): Promise<HttpAnswer | null> {
  const { path, holder, peer } = request;
  const method: string = request.method;
  if (!isMethod(method))
    return notAllowed(`expected GET, HEAD or POST, received ${method}`, 'GET, HEAD, POST');
  if (!route) {
    const other = routeAt(path, method === 'POST' ? '' : 'POST ', routes);
    if (other && method === 'POST')
      return notAllowed(`expected GET or HEAD at ${path}, received POST`, 'GET, HEAD');
    if (other) return notAllowed(`expected POST at ${path}, received ${method}`, 'POST');
    return line(404, `nothing is served at ${path}`);
  }
  const { needs, answer } = route;
  if (holder !== null && !mayDo(holder.role, needs)) {
    const what = `expected a token of role ${needs}, received ${holder.name}'s, of role ${holder.role}`;
    onDropped?.('PERMISSION_DENIED', `${peer}: ${method} ${path.slice(0, 80)}: ${what}`);
    return line(403, what);
  }
  let body: Uint8Array | null = request.body;
  if (method === 'POST') {
    try {
      body = await bodyOf(incoming);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return null;
      throw error;
    }
    if (body === null) return line(413, `a body: expected at most ${BODY_BYTES_MAX} bytes`);
  }
  const given = await answer({ ...request, body });
  if (guard && needs !== 'open' && given.body instanceof Readable) {
    streams.add(given.body, () => streamRefusal(request, guard(request), needs));
  }
  return given;
}

/** Why a stream that was begun may not go on; null where it may. */
function streamRefusal(
  { peer, method, path }: HttpRequest,
  holder: Holder | null,
  needs: Need,
): StreamRefusal | null {
  const where = `${peer}: ${method} ${path.slice(0, 80)}`;
  if (holder === null) {
    return { code: 'UNAUTHENTICATED', message: `${where}: its token or its session is not known any more` };
  }
  if (mayDo(holder.role, needs)) return null;
  const message = `${where}: expected a token of role ${needs}, received ${holder.name}'s, now of role ${holder.role}`;
  return { code: 'PERMISSION_DENIED', message };
}

/** An answer after which the connection ends. */
function closing(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, Connection: 'close' } };
}

function routeAt(path: string, prefix: 'POST ' | '', routes: Routes): { route: Route; rest: string } | null {
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

function isMethod(method: string): method is Method {
  return method === 'GET' || method === 'HEAD' || method === 'POST';
}

function notAllowed(text: string, allowed: string): HttpAnswer {
  return { ...line(405, text), headers: { Allow: allowed } };
}

/**
 * All of a request's body; null where it is longer than BODY_BYTES_MAX. A slow one runs into REQUEST_TIMEOUT_MS.
 * @throws ECONNRESET, where the client went away before its end.
 */
async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > BODY_BYTES_MAX) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0];
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** `address:port` of a connection's other side, an IPv6 address in brackets. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined) return '';
  return `${isIPv6(remoteAddress) ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** A host header that can be given on to others; null for anything else. */
function shownHost(host: string | undefined): string | null {
  return host !== undefined && /^([\w.-]{1,255}|\[[\da-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host) ? host : null;
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
