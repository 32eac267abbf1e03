import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { FLOW_CONTROL_WINDOW_BYTES } from './limits.js';
import { askForCertificates } from './client-certificates.js';
import { refusalOf, watchSecureServer, watchServer } from './server-refusals.js';

/** Bytes that this process's servers have moved, protocol overhead included. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

let prepared = false;
/** Open connections, of TLS those below it. */
const open = new Set<Socket>();
/** The newest of each address of an other end, `host:port`: one comes anew from there before the end of the last is told. */
const newest = new Map<string, Socket>();
let closed: Traffic = { bytesSent: 0, bytesReceived: 0 };

/**
 * Prepares Node's HTTP/2 for the servers that grpc-js will make: raises their windows, and counts their bytes.
 *
 * grpc-js 1.14.7 honours `grpc-node.flow_control_window` on the client only, so a server would receive at 64 KiB a round
 * trip. Node's own module is the one place left: the default import is the object whose functions grpc-js reads when it
 * binds. The stream's window goes out with the settings, the connection's by a WINDOW_UPDATE once there is a session.
 *
 * @see http2-server.spec.ts fails when an upgrade of grpc-js or Node makes this void.
 */
export function prepareHttp2Servers(): void {
  if (prepared) return;
  prepared = true;
  const { createServer, createSecureServer } = http2;
  http2.createServer = (...args: readonly unknown[]) => prepare(createServer, args);
  http2.createSecureServer = (...args: readonly unknown[]) => {
    const server = prepare(createSecureServer, args) as http2.Http2SecureServer;
    watchSecureServer(server);
    if ((args[0] as http2.SecureServerOptions).requestCert) askForCertificates(server, refusalOf);
    return server;
  };
}

/** What all servers of this process have sent and received until now. */
export function serverTraffic(): Traffic {
  let { bytesSent, bytesReceived } = closed;
  for (const socket of open) {
    bytesSent += socket.bytesWritten;
    bytesReceived += socket.bytesRead;
  }
  return { bytesSent, bytesReceived };
}

/**
 * Counts one connection of a server of this process from now on, protocol overhead included.
 * @param peer its other end, as grpc-js's `getPeer` names it.
 * @returns what it has moved since; also after its end. Nothing where there is no such connection.
 */
export function meterConnection(peer: string): () => Traffic {
  const socket = newest.get(peer);
  if (socket === undefined) return () => ({ bytesSent: 0, bytesReceived: 0 });
  const { bytesWritten, bytesRead } = socket;
  return () => ({
    bytesSent: socket.bytesWritten - bytesWritten,
    bytesReceived: socket.bytesRead - bytesRead,
  });
}

type ServerFactory = (options: http2.ServerOptions, ...rest: unknown[]) => http2.Http2Server;

function prepare(create: unknown, [first, ...rest]: readonly unknown[]): http2.Http2Server {
  const given = (typeof first === 'object' ? first : {}) as http2.ServerOptions;
  const settings = { ...given.settings, initialWindowSize: FLOW_CONTROL_WINDOW_BYTES };
  const server = (create as ServerFactory)({ ...given, settings }, ...rest);
  server.on('session', (session) => session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES));
  server.on('connection', count);
  watchServer(server);
  return server;
}

function count(socket: Socket): void {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  open.add(socket);
  newest.set(peer, socket);
  socket.on('close', () => {
    open.delete(socket);
    if (newest.get(peer) === socket) newest.delete(peer);
    closed = {
      bytesSent: closed.bytesSent + socket.bytesWritten,
      bytesReceived: closed.bytesReceived + socket.bytesRead,
    };
  });
}
