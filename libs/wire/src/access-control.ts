import {
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { clientName, mayDo, type Holder } from '@rocinante/access';
import { WireError } from './errors.js';
import { needOf } from './method-needs.js';
import { statusOf } from './status.js';
import { letIn } from './strangers.js';
import type { ServerRefusalListener } from './server-refusals.js';

/** Whose token it is; null where it is nobody's. */
export type HolderOf = (token: string) => Holder | null;

/** By the metadata that a handler gets: what a client sends can name nobody. */
const holders = new WeakMap<Metadata, Holder>();

/** Who makes a call. */
export interface Caller {
  /** Null where the server asks nobody for a token. */
  readonly holder: Holder | null;
  /** `address:port`. */
  readonly peer: string;
  /** What the client calls itself, which nobody has checked; null where it says nothing but gRPC's own. */
  readonly client: string | null;
}

/** Who makes the call that a handler was given. */
export function callerOf(call: { readonly metadata: Metadata; getPeer(): string }): Caller {
  const { metadata } = call;
  return { holder: holders.get(metadata) ?? null, peer: call.getPeer(), client: clientOf(metadata) };
}

/** The part of a user agent before that of gRPC's library. */
function clientOf(metadata: Metadata): string | null {
  const agent = String(metadata.get('user-agent')[0] ?? '');
  return clientName(agent.replace(/(^| )grpc-.*$/, ''));
}

interface LiveCall {
  readonly call: ServerInterceptingCallInterface;
  readonly path: string;
  readonly token: string;
  readonly client: string | null;
}

/** Asks each call for its token, before any handler hears of it. */
export class AccessControl {
  readonly #holderOf: HolderOf;
  readonly #refused: ServerRefusalListener;
  readonly #live = new Set<LiveCall>();

  constructor(holderOf: HolderOf, refused: ServerRefusalListener) {
    this.#holderOf = holderOf;
    this.#refused = refused;
  }

  readonly interceptor: ServerInterceptor = (method, call) => {
    const { path } = method;
    if (needOf(path) === 'open') return new ServerInterceptingCall(call);
    let live: LiveCall | null = null;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const token = tokenOf(metadata);
        const judged = this.#judge(path, token);
        const client = clientOf(metadata);
        if (judged instanceof WireError) return this.#refuse(call, path, judged, client);
        letIn(call.getConnectionInfo());
        live = { call, path, token: token!, client };
        this.#live.add(live);
        // No handler needs it, and none can write it to a log.
        metadata.remove('authorization');
        holders.set(metadata, judged);
        next(metadata);
      })
      .withOnCancel(() => live && this.#live.delete(live))
      .build();
    return new ServerInterceptingCall(
      call,
      new ResponderBuilder().withStart((next) => next(listener)).build(),
    );
  };

  /** Asks the calls under way once more, since what tokens are known has changed: those that may not go on are ended. */
  recheck(): void {
    for (const live of [...this.#live]) {
      const judged = this.#judge(live.path, live.token);
      if (!(judged instanceof WireError)) continue;
      this.#live.delete(live);
      this.#refuse(live.call, live.path, judged, live.client);
    }
  }

  #judge(path: string, token: string | null): Holder | WireError {
    const need = needOf(path);
    if (need === null) return new WireError('PERMISSION_DENIED', `nobody may call ${path}`);
    if (token === null) {
      return new WireError(
        'UNAUTHENTICATED',
        `expected a token of role ${need}, received none: give --token-file or ROCINANTE_TOKEN`,
      );
    }
    const holder = this.#holderOf(token);
    if (holder === null) {
      return new WireError(
        'UNAUTHENTICATED',
        "expected a token of the coordinator's book, received one that is not in it",
      );
    }
    if (mayDo(holder.role, need)) return holder;
    return new WireError(
      'PERMISSION_DENIED',
      `expected a token of role ${need}, received ${holder.name}'s, of role ${holder.role}`,
    );
  }

  #refuse(
    call: ServerInterceptingCallInterface,
    path: string,
    error: WireError,
    client: string | null,
  ): void {
    const code = error.code === 'PERMISSION_DENIED' ? 'PERMISSION_DENIED' : 'UNAUTHENTICATED';
    this.#refused(code, `${call.getPeer()}: ${path}: ${error.message}`, client);
    call.sendStatus({ code: status.UNKNOWN, details: error.message, ...statusOf(error) });
  }
}

/** The token that a call brings; null where it brings none. */
function tokenOf(metadata: Metadata): string | null {
  const [value] = metadata.get('authorization');
  return /^Bearer +(\S+)$/i.exec(String(value ?? ''))?.[1] ?? null;
}
