import { status } from '@grpc/grpc-js';
import { handshakeRefusal } from '@rocinante/access';
import { oneLine } from '@rocinante/base';
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { DropArgument, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CONNECTIONS_MAX, HEADERS_BYTES_MAX, HELLO_TIMEOUT_MS } from './limits.js';
import { boundRequest } from './request-bounds.js';
import { admitStranger, watchStranger } from './strangers.js';
import { ServerUnfinished } from './unfinished-bytes.js';

/**
 * Why a connection or a call was dropped before any handler heard of it: beside the codes of WireError,
 * - `TOO_MANY_CONNECTIONS`: there are CONNECTIONS_MAX, or STRANGERS_PER_ADDRESS_MAX of its address on which nobody was let in;
 * - `UNKNOWN_METHOD`: no such call is served.
 */
export type ServerRefusalCode =
  | 'MALFORMED'
  | 'MESSAGE_TOO_LARGE'
  | 'TIMEOUT'
  | 'TOO_MANY_CONNECTIONS'
  | 'UNKNOWN_METHOD'
  | 'NOT_TLS'
  | 'BAD_CERTIFICATE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED';

/** Told of each, in a sentence that begins with the other side's `address:port`, and of what the client calls itself, if anything. */
export type ServerRefusalListener = (
  code: ServerRefusalCode,
  message: string,
  client?: string | null,
) => void;

/** For a browser, or a scraper, that was given this port in place of the page's. */
const PAGE_ELSEWHERE = '; the page and metrics are at the port of --http';

/** By the port that the server listens at. */
const listeners = new Map<number, ServerRefusalListener>();

/**
 * Tells of what comes to a server of this process and gets no further than HTTP/2 or grpc-js, which say nothing of it.
 * @param port of the server, which `watchServer` watches.
 * @returns a function that ends the telling.
 */
export function onServerRefusal(port: number, listener: ServerRefusalListener): () => void {
  listeners.set(port, listener);
  return () => listeners.delete(port);
}

/** Bounds a server's connections, drops those that do not speak HTTP/2, and tells of all that is refused. */
export function watchServer(server: Http2Server): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.on('drop', (dropped: DropArgument) => {
    const { localPort, remoteAddress, remotePort } = dropped;
    const what = `there are ${CONNECTIONS_MAX} connections already`;
    listeners.get(localPort!)?.('TOO_MANY_CONNECTIONS', `${remoteAddress}:${remotePort}: ${what}`);
  });
  server.on('connection', (socket: Socket) => admitStranger(socket, refusalOf(socket)));
  server.on('session', watchSession);
  const unfinished = new ServerUnfinished();
  server.on('stream', (stream, headers) => watchStream(stream, headers, unfinished));
}

/** Drops those that do not speak TLS, or no HTTP/2 over it, and tells of them. */
export function watchSecureServer(server: Http2SecureServer): void {
  // Before Node's own listener, which closes the socket: then it has no address any more.
  server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const refusal = handshakeRefusal(error);
    if (refusal !== null) refusalOf(socket)(refusal.code, refusal.what);
    socket.destroy();
  });
  server.on('unknownProtocol', (socket: TLSSocket) => {
    refusalOf(socket)('MALFORMED', `it speaks TLS, and no HTTP/2 over it${PAGE_ELSEWHERE}`);
    socket.destroy();
  });
}

function watchSession(session: ServerHttp2Session): void {
  // A session's own `socket` may not be asked for its addresses once it is destroyed.
  const refuse = refusalOf(session.socket);
  watchStranger(session, refuse);
  const silence = setTimeout(() => {
    refuse('TIMEOUT', `it did not begin to speak HTTP/2 within ${HELLO_TIMEOUT_MS} ms`);
    session.destroy();
  }, HELLO_TIMEOUT_MS);
  session.once('remoteSettings', () => clearTimeout(silence));
  session.once('close', () => clearTimeout(silence));
  session.on('error', (error: NodeJS.ErrnoException) => {
    // One that went away by itself is no matter.
    if (!error.code?.startsWith('ERR_HTTP2')) return;
    const isOther = /bad client magic/i.test(error.message);
    refuse('MALFORMED', `it does not keep to HTTP/2: ${error.message}${isOther ? PAGE_ELSEWHERE : ''}`);
  });
}

function watchStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  unfinished: ServerUnfinished,
): void {
  if (!stream.session) return;
  const refuse = refusalOf(stream.session.socket);
  const method = headers[':path']?.slice(0, 80) ?? 'a call';
  const bytes = bytesOf(headers);
  if (bytes > HEADERS_BYTES_MAX) {
    const what = `its headers: expected at most ${HEADERS_BYTES_MAX} bytes, received ${bytes}`;
    refuse('MESSAGE_TOO_LARGE', `${method}: ${what}`);
    const { session } = stream;
    // grpc-js hears of the stream in this turn, and takes it to be open.
    process.nextTick(() => session.destroy());
    return;
  }
  boundRequest(stream, headers, unfinished, refuse);
  const look = (answer: OutgoingHttpHeaders | undefined): void => {
    const what = decodeURI(String(answer?.['grpc-message'] ?? ''));
    const code = refusedByGrpc(Number(answer?.['grpc-status']), what);
    if (code !== null) refuse(code, `${method}: ${what}`);
  };
  const respond = stream.respond.bind(stream);
  const sendTrailers = stream.sendTrailers.bind(stream);
  stream.respond = (answer, options) => {
    look(answer);
    respond(answer, options);
  };
  stream.sendTrailers = (trailers) => {
    look(trailers);
    sendTrailers(trailers);
  };
}

/** What grpc-js answers of its own accord to a message that it does not pass on; null for what a handler answers. */
function refusedByGrpc(code: status, details: string): ServerRefusalCode | null {
  if (code === status.RESOURCE_EXHAUSTED && /larger than/.test(details)) return 'MESSAGE_TOO_LARGE';
  if (code === status.INTERNAL && /^(Error deserializing|Failed to decompress)/.test(details))
    return 'MALFORMED';
  if (code === status.UNIMPLEMENTED && /^The server does not implement/.test(details))
    return 'UNKNOWN_METHOD';
  return null;
}

/** As HTTP/2 counts them. */
function bytesOf(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + String(value).length + 32;
  return bytes;
}

/** Tells of the refusal of a connection. */
export function refusalOf({ localPort, remoteAddress, remotePort }: Socket): ServerRefusalListener {
  // A path may hold what commands a terminal.
  return (code, message) =>
    listeners.get(localPort!)?.(code, oneLine(`${remoteAddress}:${remotePort}: ${message}`));
}
