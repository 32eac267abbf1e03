import type { Client } from '@grpc/grpc-js';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, type ChannelOptions } from '@grpc/grpc-js';
import type { ClientSecurity, TlsMaterial } from '@rocinante/access';
import { parseAddress } from '@rocinante/base';
import { AccessControl, type HolderOf } from './access-control.js';
import { channelCredentials, tokenInterceptors } from './client-security.js';
import { rememberDialled } from './connection-trouble.js';
import { WireError } from './errors.js';
import {
  CALLS_MAX,
  FLOW_CONTROL_WINDOW_BYTES,
  KEEPALIVE_TIMEOUT_MS,
  KEEPALIVE_TIME_MS,
  MESSAGE_BYTES_MAX,
  NAME_RESOLUTION_INTERVAL_MIN_MS,
  RECONNECT_BACKOFF_MAX_MS,
  RECONNECT_BACKOFF_MIN_MS,
  SHUTDOWN_GRACE_MS,
} from './limits.js';
import { RunsClientClass, runsService, TrainingClientClass, trainingService } from './proto.js';
import { prepareHttp2Clients } from './http2-client.js';
import { prepareHttp2Servers } from './http2-server.js';
import { onServerRefusal, type ServerRefusalListener } from './server-refusals.js';
import { endStrangers } from './strangers.js';
import type { RunsClient, RunsHandlers, TrainingClient, TrainingHandlers } from './service.js';
import { TlsServerCredentials } from './tls-server.js';

// What grpc-js would write to standard error by itself is what its calls end with, too.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

const common: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
};

const client: ChannelOptions = {
  ...common,
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_BACKOFF_MIN_MS,
  'grpc.min_reconnect_backoff_ms': RECONNECT_BACKOFF_MIN_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MAX_MS,
  'grpc.dns_min_time_between_resolutions_ms': NAME_RESOLUTION_INTERVAL_MIN_MS,
  'grpc.enable_retries': 0,
  // A client that is closed and made anew connects anew: an attempt that hangs on a dead link is not waited for.
  'grpc.use_local_subchannel_pool': 1,
};

/**
 * A worker's client of the coordinator at `host:port`. It connects when the first call is made, and again when it must.
 * @param security absent speaks in plain, without a token.
 */
export function dial(address: string, security?: ClientSecurity): TrainingClient {
  return dialAs(TrainingClientClass, address, security);
}

/** An operator's client of the coordinator at `host:port`. */
export function dialRuns(address: string, security?: ClientSecurity): RunsClient {
  return dialAs(RunsClientClass, address, security);
}

function dialAs<Dialled extends Client>(
  ClientClass: new (...args: ConstructorParameters<typeof Client>) => Dialled,
  address: string,
  security: ClientSecurity | undefined,
): Dialled {
  prepareHttp2Clients();
  const channel = channelCredentials(address, security);
  const { client: name } = security ?? {};
  const options = {
    ...client,
    ...(name !== undefined && { 'grpc.primary_user_agent': name }),
    interceptors: tokenInterceptors(security),
  };
  return rememberDialled(new ClientClass(address, channel, options), address, channel);
}

/** A server that listens, and how to stop it. */
export interface ListeningServer {
  /** `host:port`, with the port that was really taken. */
  readonly address: string;
  /** Shows another certificate to connections that come from now on; the server must have been given one at first. */
  replaceCertificate(tls: TlsMaterial): void;
  /** Asks the calls under way once more for whom they speak: those whose token is not known any more are ended. */
  recheck(): void;
  /** Lets streams end by themselves for SHUTDOWN_GRACE_MS, then cuts them. */
  stop(): Promise<void>;
}

/** What a server answers: workers always, operators where it is a daemon, and whatever else can be added to a server. */
export interface ServedHandlers {
  readonly training: TrainingHandlers;
  readonly runs?: RunsHandlers;
  /** Adds a service of another package, such as grpc.health.v1. */
  readonly further?: (server: Server) => void;
  /** Told of connections and messages that no handler hears of, since they are refused before. */
  readonly refused?: ServerRefusalListener;
}

/** Who may speak with a server. Without it everybody may, in plain. */
export interface ServerSecurity {
  /** The server's certificate; with an authority, clients are asked for a certificate of it. */
  readonly tls?: TlsMaterial;
  /** Whose token it is. With it every call but health's needs a token of the role in `method-needs.ts`. */
  readonly holderOf?: HolderOf;
}

/**
 * Serves the protocol at `host:port`; port 0 takes any free one.
 * @throws {WireError} ADDRESS_IN_USE or ADDRESS_UNUSABLE, which names the address.
 */
export async function listen(
  address: string,
  handlers: ServedHandlers,
  { tls, holderOf }: ServerSecurity = {},
): Promise<ListeningServer> {
  prepareHttp2Servers();
  const parsed = parseAddress(address);
  if (parsed === null)
    throw new WireError('ADDRESS_UNUSABLE', `cannot listen at ${address}: expected host:port`);
  const control = holderOf
    ? new AccessControl(holderOf, (...refusal) => handlers.refused?.(...refusal))
    : null;
  const secure = tls ? new TlsServerCredentials(tls) : null;
  const interceptors = control ? [control.interceptor] : [];
  const server = new Server({ ...common, 'grpc.max_concurrent_streams': CALLS_MAX, interceptors });
  server.addService(trainingService, handlers.training);
  if (handlers.runs) server.addService(runsService, handlers.runs);
  handlers.further?.(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, secure ?? ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(cannotListen(address, parsed.port, error));
    });
  });
  const stopTelling = handlers.refused ? onServerRefusal(port, handlers.refused) : null;
  const keepStrangers = control ? endStrangers(port) : null;
  return {
    address: `${parsed.host}:${port}`,
    replaceCertificate: (material) => secure?.replace(material),
    recheck: () => control?.recheck(),
    stop: async () => {
      await stopServer(server);
      stopTelling?.();
      keepStrangers?.();
    },
  };
}

/** grpc-js tells of a taken port in the words of its own log. */
function cannotListen(address: string, port: number, error: Error): WireError {
  const taken = error.message.includes('EADDRINUSE');
  const why = taken
    ? `port ${port} is taken; end what listens there, or choose another with --listen`
    : error.message;
  return new WireError(taken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNUSABLE', `cannot listen at ${address}: ${why}`, {
    cause: error,
  });
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
