import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { status, type ChannelCredentials, type Client, type ServiceError } from '@grpc/grpc-js';
import { parseAddress } from '@rocinante/base';
import { WireError } from './errors.js';
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
 * Why a client could not connect, where it is one side's security: gRPC's own words do not tell.
 *
 * A server that was spoken to in plain and expects TLS hangs up, as others do; so it is asked once more, in TLS.
 * @param error with which a call of the client ended.
 * @returns null where it was anything else.
 */
export async function connectionTrouble(client: Client, error: unknown): Promise<WireError | null> {
  const { code, details = '' } = error as Partial<ServiceError>;
  const found = dialled.get(client);
  if (!found || code !== status.UNAVAILABLE) return null;
  if (found.channel instanceof TlsChannelCredentials) return found.channel.trouble;
  if (!HUNG_UP.test(details) || !(await speaksTls(found.address))) return null;
  return new WireError(
    'EXPECTS_TLS',
    'it expects TLS, and was spoken to in plain: give --tls-ca with the ca.crt of its authority',
  );
}

/** Whether a TLS handshake with `host:port` comes to an end, whoever it is. Nothing is sent. */
function speaksTls(address: string): Promise<boolean> {
  const parsed = parseAddress(address);
  if (parsed === null) return Promise.resolve(false);
  const host = parsed.host.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: parsed.port,
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
