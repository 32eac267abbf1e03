import http2 from 'node:http2';
import { CONNECT_TIMEOUT_MS } from './limits.js';

let prepared = false;

/**
 * Prepares Node's HTTP/2 for the clients that grpc-js will make: a connection on which the other side says nothing is
 * given up after CONNECT_TIMEOUT_MS.
 *
 * grpc-js 1.14.7 waits for a server's settings without a limit, also after its channel was closed: whoever dials anew
 * behind a proxy that takes connections for a server which is not there would gather them without bound. As in
 * http2-server.ts, the default import is the object whose functions grpc-js calls.
 */
export function prepareHttp2Clients(): void {
  if (prepared) return;
  prepared = true;
  const connect = http2.connect as (...args: readonly unknown[]) => http2.ClientHttp2Session;
  http2.connect = (...args: readonly unknown[]): http2.ClientHttp2Session => {
    const session = connect(...args);
    const timer = setTimeout(() => {
      session.destroy(new Error(`the other side said nothing within ${CONNECT_TIMEOUT_MS} ms`));
    }, CONNECT_TIMEOUT_MS).unref();
    const clear = (): void => clearTimeout(timer);
    session.once('remoteSettings', clear).once('close', clear);
    return session;
  };
}
