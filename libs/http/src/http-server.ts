import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, DropArgument, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { handshakeRefusal, UnknownConnections, type TlsMaterial } from '@rocinante/access';
import { parseAddress } from '@rocinante/base';
import { answer, type AnsweringOptions, type Serving } from './answering.js';
import { HttpAddressError } from './errors.js';
import {
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  OPEN_CONNECTIONS_MAX,
  REQUEST_TIMEOUT_MS,
  STOP_GRACE_MS,
  STRANGERS_PER_ADDRESS_MAX,
  TIMEOUT_CHECK_INTERVAL_MS,
} from './http-limits.js';
import { ConnectionShares } from './connection-shares.js';
import { LiveStreams } from './live-streams.js';
import type { HttpRefusalCode } from './refusal-codes.js';
import type { Routes } from './routes.js';

/**
 * What the server shows over TLS. No client is asked for a certificate, since browsers and Prometheus have none: an authority
 * in the material is for gRPC alone, and here a token says who comes.
 */
export type HttpCertificate = Pick<TlsMaterial, 'cert' | 'key'>;

export interface HttpServerOptions extends AnsweringOptions {
  /** Serves over TLS 1.3. Without it, in plain. */
  readonly tls?: HttpCertificate;
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
  const strangers = new UnknownConnections(STRANGERS_PER_ADDRESS_MAX);
  const shares = new ConnectionShares();
  const streams = new LiveStreams(({ code, message, client }) => options.onDropped?.(code, message, client));
  const serving: Serving = { ...options, routes, strangers, shares, streams };
  const listener: RequestListener = (request, response) => void answer(request, response, serving);
  const secure = tls ? createSecureServer({ ...limits, ...secureOptions(tls) }, listener) : null;
  const server = secure ?? createServer(limits, listener);
  if (secure) watchHandshakes(secure, options);
  limitConnections(server, serving);
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => shares.opened(socket));
  refuseMalformed(server, options);
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

function secureOptions({ cert, key }: HttpCertificate) {
  return { cert, key, minVersion: 'TLSv1.3', handshakeTimeout: HEADERS_TIMEOUT_MS } as const;
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

/** Bounds how many connections there are, in all and of nobody known, and for how long nothing may move on one. */
function limitConnections(server: Server, { strangers, onDropped }: Serving): void {
  server.maxConnections = CONNECTIONS_MAX + OPEN_CONNECTIONS_MAX;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.keepAliveTimeout = IDLE_TIMEOUT_MS;
  server.prependListener('connection', (socket: Socket) => {
    if (strangers.admit(socket)) return;
    const who = `${socket.remoteAddress}:${socket.remotePort}`;
    const what = `there are ${STRANGERS_PER_ADDRESS_MAX} HTTP connections of nobody known from its address already`;
    onDropped?.('TOO_MANY_CONNECTIONS', `${who}: ${what}`);
    socket.destroy();
  });
  server.on('drop', (dropped?: DropArgument) =>
    onDropped?.(
      'TOO_MANY_CONNECTIONS',
      `${dropped?.remoteAddress}:${dropped?.remotePort}: there are ${CONNECTIONS_MAX + OPEN_CONNECTIONS_MAX} HTTP connections already`,
    ),
  );
}

/** Tells of bytes that are no request, and of browsers that do not take the certificate; closes their connections. */
function refuseMalformed(server: Server, { onDropped }: HttpServerOptions): void {
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
      onDropped?.(alert.code, `${remoteAddress}:${remotePort}: ${alert.what}`);
      return void socket.destroy();
    }
    // A client that went away by itself is no matter.
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE' && remoteAddress !== undefined) {
      onDropped?.(refusal.code, `${remoteAddress}:${remotePort}: HTTP ${refusal.status}`);
    }
    if (!socket.writable) return void socket.destroy();
    socket.end(`HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
}

const refusals: Readonly<Record<string, { readonly code: HttpRefusalCode; readonly status: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'MESSAGE_TOO_LARGE', status: '431 Request Header Fields Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'TIMEOUT', status: '408 Request Timeout' },
  other: { code: 'MALFORMED', status: '400 Bad Request' },
};

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
