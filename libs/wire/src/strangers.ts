import { UnknownConnections } from '@rocinante/access';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { STRANGERS_PER_ADDRESS_MAX, STRANGERS_WATCHING_MAX, STRANGER_TIMEOUT_MS } from './limits.js';
import type { ServerRefusalListener } from './server-refusals.js';

/** Both ends of a connection, as a socket and grpc-js name them. */
type Ends = Partial<Pick<Socket, 'localPort' | 'remoteAddress' | 'remotePort'>>;

interface Stranger {
  readonly session: ServerHttp2Session;
  /** Calls under way, and all that came. */
  open: number;
  called: number;
  isWatching: boolean;
}

/** By the ports of this process's servers that ask for tokens: who was not let in there yet. */
const asking = new Map<number, UnknownConnections>();

/** Connections on which no call was let in yet, by their ends. */
const strangers = new Map<string, Stranger>();

/** Ends a server's connections on which nobody is let in. @returns a function that ends this. */
export function endStrangers(port: number): () => void {
  asking.set(port, new UnknownConnections(STRANGERS_PER_ADDRESS_MAX));
  return () => asking.delete(port);
}

/** A call that came on a connection was let in by its token. */
export function letIn(ends: Ends): void {
  strangers.delete(keyOf(ends));
  asking.get(ends.localPort!)?.letIn(ends);
}

/** Ends a connection of an address that has too many on which nobody was let in, where tokens are asked for. */
export function admitStranger(socket: Socket, refuse: ServerRefusalListener): void {
  if (asking.get(socket.localPort!)?.admit(socket) !== false) return;
  const what = `there are ${STRANGERS_PER_ADDRESS_MAX} connections of nobody known from its address already`;
  refuse('TOO_MANY_CONNECTIONS', what);
  // HTTP/2 takes it in this turn, and expects it to be open.
  setImmediate(() => socket.destroy());
}

/**
 * Gives a connection STRANGER_TIMEOUT_MS to have a call let in, where tokens are asked for. Calls of health let nobody in,
 * or they would hold all connections for whoever likes; but a watch of health goes on, on STRANGERS_WATCHING_MAX of them,
 * since a load balancer that watches has no token. A probe that only keeps its connection is told to make another.
 */
export function watchStranger(session: ServerHttp2Session, refuse: ServerRefusalListener): void {
  const { localPort, remoteAddress, remotePort } = session.socket;
  const key = keyOf({ localPort, remoteAddress, remotePort });
  const stranger: Stranger = { session, open: 0, called: 0, isWatching: false };
  strangers.set(key, stranger);
  const isKnown = (): boolean => strangers.get(key) !== stranger;
  const timer = setTimeout(() => {
    if (isKnown() || !asking.has(localPort!)) return;
    if (stranger.open === 0 && stranger.called > 0) return session.close();
    if (stranger.open > 0 && watching() < STRANGERS_WATCHING_MAX) return void (stranger.isWatching = true);
    refuse('TIMEOUT', `no call with a token that counts came on it within ${STRANGER_TIMEOUT_MS} ms`);
    session.destroy();
  }, STRANGER_TIMEOUT_MS).unref();
  session.on('stream', (stream) => {
    stranger.open += 1;
    stranger.called += 1;
    stream.once('close', () => {
      stranger.open -= 1;
      if (stranger.open === 0 && stranger.isWatching && !isKnown()) session.close();
    });
  });
  session.once('close', () => {
    clearTimeout(timer);
    if (!isKnown()) strangers.delete(key);
  });
}

/** How many are kept for their watch alone. */
function watching(): number {
  let count = 0;
  for (const { isWatching } of strangers.values()) if (isWatching) count += 1;
  return count;
}

function keyOf({ localPort, remoteAddress, remotePort }: Ends): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}
