import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { mayDo, type Holder, type Need, type UnknownConnections } from '@rocinante/access';
import { foreignHost } from './foreign-host.js';
import type { Guard } from './guards.js';
import type { ConnectionShares } from './connection-shares.js';
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  CONNECTIONS_PER_HOLDER_MAX,
  URL_LENGTH_MAX,
} from './http-limits.js';
import type { LiveStreams, StreamRefusal } from './live-streams.js';
import type { HttpRefusalCode } from './refusal-codes.js';
import { bodyOf, clientOf, hasBody, pathOf, peerOf, requestOf } from './requests.js';
import {
  line,
  routeAt,
  type HttpAnswer,
  type HttpRequest,
  type Method,
  type Route,
  type Routes,
} from './routes.js';

/** Who may ask, and who is told of what was refused. */
export interface AnsweringOptions {
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
   * `address:port`; where a request was, with what its client calls itself.
   */
  readonly onDropped?: (code: HttpRefusalCode, message: string, client?: string | null) => void;
  /** Told of a route that threw; the client gets a 500. Without it the process ends. */
  readonly onError?: (error: unknown, path: string) => void;
}

/** What one server answers with. */
export interface Serving extends AnsweringOptions {
  readonly routes: Routes;
  readonly strangers: UnknownConnections;
  readonly shares: ConnectionShares;
  readonly streams: LiveStreams;
}

/** Answers one request: by the route at its path, where whoever asks may have it. */
export async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
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
  const { routes, guard, ownNames, strangers, shares, onDropped } = serving;
  const { method = '', url = '' } = incoming;
  if (url.length > URL_LENGTH_MAX) {
    const what = `a path: expected at most ${URL_LENGTH_MAX} characters, received ${url.length}`;
    const message = `${peerOf(incoming.socket)}: ${method.slice(0, 16)}: ${what}`;
    onDropped?.('MESSAGE_TOO_LARGE', message, clientOf(incoming));
    return closing(line(414, what));
  }
  const path = pathOf(incoming);
  const found = routeAt(path, method === 'POST' ? 'POST ' : '', routes);
  const request = requestOf(incoming, found?.rest ?? '');
  const isOpen = found?.route.needs === 'open';
  if (shares.isLate(incoming.socket)) {
    // The next probe needs the room.
    if (isOpen) return closing(await routed(incoming, request, found.route, serving));
    return closing(crowded(request, `there are ${CONNECTIONS_MAX} HTTP connections already`, serving));
  }
  if (!guard) {
    const stranger = isOpen || ownNames === undefined ? null : foreignHost(request.host, ownNames);
    if (stranger !== null) {
      const message = `${request.peer}: ${method.slice(0, 16)} ${path.slice(0, 80)}: ${stranger}`;
      onDropped?.('FOREIGN_HOST', message, request.client);
      return closing(line(421, stranger));
    }
    strangers.letIn(incoming.socket);
    return routed(incoming, request, found?.route, serving);
  }
  const holder = guard(request);
  if (holder !== null) {
    if (!shares.admit(holder.name, incoming.socket)) {
      const what = `${holder.name} has ${CONNECTIONS_PER_HOLDER_MAX} HTTP connections already`;
      return closing(crowded(request, what, serving));
    }
    strangers.letIn(incoming.socket);
    return routed(incoming, { ...request, holder }, found?.route, serving);
  }
  // Whoever is not known is not told either what there is.
  const given = isOpen
    ? await routed(incoming, request, found.route, serving)
    : refusedUnknown(request, serving);
  // Nobody holds a connection in whose name nothing is asked.
  return closing(given);
}

/** Whoever is refused for the number of connections is told so, and to come again. */
function crowded(
  { method, path, peer, client }: HttpRequest,
  what: string,
  { onDropped }: Serving,
): HttpAnswer {
  onDropped?.(
    'TOO_MANY_CONNECTIONS',
    `${peer}: ${method.slice(0, 16)} ${path.slice(0, 80)}: ${what}`,
    client,
  );
  const given = line(503, `${what}; try again later`);
  return { ...given, headers: { 'Retry-After': '5' } };
}

function refusedUnknown(request: HttpRequest, { unknown, onDropped }: Serving): HttpAnswer {
  const { method, path, peer, client } = request;
  const shown = request.header('authorization') !== null;
  const page = shown ? null : (unknown?.(request) ?? null);
  // Whoever is shown where to log in was refused nothing yet.
  if (page !== null) return page;
  const what = `expected a token: Authorization: Bearer <token>, received ${shown ? 'another' : 'none'}`;
  const message = `${peer}: ${method.slice(0, 16)} ${path.slice(0, 80)}: ${what}`;
  onDropped?.('UNAUTHENTICATED', message, client);
  return line(401, what);
}

/** What a route answers to a request that may come so far. */
async function routed(
  incoming: IncomingMessage,
  request: HttpRequest,
  route: Route | undefined,
  { routes, guard, streams, onDropped }: Serving,
): Promise<HttpAnswer | null> {
  const { path, holder, peer, client } = request;
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
    onDropped?.('PERMISSION_DENIED', `${peer}: ${method} ${path.slice(0, 80)}: ${what}`, client);
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
  { peer, client, method, path }: HttpRequest,
  holder: Holder | null,
  needs: Need,
): StreamRefusal | null {
  const where = `${peer}: ${method} ${path.slice(0, 80)}`;
  if (holder === null) {
    const message = `${where}: its token or its session is not known any more`;
    return { code: 'UNAUTHENTICATED', message, client };
  }
  if (mayDo(holder.role, needs)) return null;
  const message = `${where}: expected a token of role ${needs}, received ${holder.name}'s, now of role ${holder.role}`;
  return { code: 'PERMISSION_DENIED', message, client };
}

/** An answer after which the connection ends; null where there is none. */
function closing(answer: HttpAnswer | null): HttpAnswer | null {
  return answer && { ...answer, headers: { ...answer.headers, Connection: 'close' } };
}

function isMethod(method: string): method is Method {
  return method === 'GET' || method === 'HEAD' || method === 'POST';
}

function notAllowed(text: string, allowed: string): HttpAnswer {
  return { ...line(405, text), headers: { Allow: allowed } };
}
