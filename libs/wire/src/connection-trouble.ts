import { connect as connectPlain, isIP } from 'node:net';
import { connect } from 'node:tls';
import { status, type ChannelCredentials, type Client, type ServiceError } from '@grpc/grpc-js';
import { parseAddress } from '@rocinante/base';
import { WireError } from './errors.js';
import { OTHER_PORT } from './other-port.js';
import { PROBE_TIMEOUT_MS } from './limits.js';
import { TlsChannelCredentials } from './tls-client.js';

/** How each client was dialled. */
const dialled = new WeakMap<Client, { readonly address: string; readonly channel: ChannelCredentials }>();

/** Remembers how a client was dialled, for `connectionTrouble`. */
export function rememberDialled<Dialled extends Client>(
  client: Dialled,
  address: string,
  channel: ChannelCredentials,
): Dialled {
  dialled.set(client, { address, channel });
  return client;
}

/** What gRPC says where a server hung up on a client that it did not understand. */
const HUNG_UP =
  /Failed to connect|ECONNRESET|socket hang up|protocol error|ERR_HTTP2|said nothing|Connection dropped/i;

/**
 * Why a client could not connect, where it is one side's security, or another port: gRPC's own words do not tell.
 *
 * A server that was spoken to in plain and expects TLS hangs up, as others do; so it is asked once more, in TLS, and then in HTTP/1.
 * @param error with which a call of the client ended.
 * @returns null where it was anything else.
 */
export async function connectionTrouble(client: Client, error: unknown): Promise<WireError | null> {
  const { code, details = '' } = error as Partial<ServiceError>;
  const found = dialled.get(client);
  if (!found || code !== status.UNAVAILABLE) return null;
  if (found.channel instanceof TlsChannelCredentials) return found.channel.trouble;
  if (!HUNG_UP.test(details)) return null;
  if (await speaksTls(found.address)) {
    return new WireError(
      'EXPECTS_TLS',
      'it expects TLS, and was spoken to in plain: give --tls-ca with the ca.crt of its authority',
    );
  }
  if (!(await speaksHttp(found.address))) return null;
  return new WireError('SPEAKS_HTTP', `what answers there does not speak gRPC but HTTP: ${OTHER_PORT}`);
}

/** Whether `host:port` answers a request of HTTP/1, whatever it says. */
function speaksHttp(address: string): Promise<boolean> {
  const parsed = addressOf(address);
  if (parsed === null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connectPlain(parsed);
    const answer = (speaks: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(speaks);
    };
    const timer = setTimeout(() => answer(false), PROBE_TIMEOUT_MS);
    socket
      .on('connect', () => socket.write(`HEAD / HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`))
      .once('data', (bytes) => answer(bytes.toString('latin1').startsWith('HTTP/1.')))
      .on('error', () => answer(false))
      .on('close', () => answer(false));
  });
}

function addressOf(address: string): { host: string; port: number } | null {
  const parsed = parseAddress(address);
  return parsed && { host: parsed.host.replace(/^\[(.*)\]$/, '$1'), port: parsed.port };
}

/** Whether a TLS handshake with `host:port` comes to an end, whoever it is. Nothing is sent. */
function speaksTls(address: string): Promise<boolean> {
  const parsed = addressOf(address);
  if (parsed === null) return Promise.resolve(false);
  const { host, port } = parsed;
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      servername: isIP(host) ? undefined : host,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    const answer = (speaks: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(speaks);
    };
    const timer = setTimeout(() => answer(false), PROBE_TIMEOUT_MS);
    socket.on('secureConnect', () => answer(true)).on('error', () => answer(false));
  });
}
