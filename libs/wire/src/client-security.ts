import { credentials, InterceptingCall, type ChannelCredentials, type Interceptor } from '@grpc/grpc-js';
import type { ClientSecurity } from '@rocinante/access';
import { TlsChannelCredentials } from './tls-client.js';

/** TLS where there is an authority to believe, else plain. */
export function channelCredentials(
  address: string,
  security: ClientSecurity | undefined,
): ChannelCredentials {
  if (!security || security.ca === null) return credentials.createInsecure();
  return new TlsChannelCredentials(address, { ...security, ca: security.ca });
}

/**
 * Sends the token with each call, as `authorization: Bearer …`. grpc-js has credentials of a call for this, and refuses them
 * on a channel in plain, such as one on the loopback.
 */
export function tokenInterceptors(security: ClientSecurity | undefined): Interceptor[] {
  const token = security?.token ?? null;
  if (token === null) return [];
  return [
    (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          metadata.set('authorization', `Bearer ${token}`);
          next(metadata, listener);
        },
      }),
  ];
}
