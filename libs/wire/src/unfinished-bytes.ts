import {
  CONNECTION_UNFINISHED_BYTES_MAX,
  PIECE_BYTES,
  REQUESTS_UNFINISHED_BYTES_MAX,
  STREAMS_UNFINISHED_BYTES_MAX,
} from './limits.js';

/** What is kept of messages that are not whole yet, and how much may be. */
class Account {
  bytes = 0;

  /** @param whose as a sentence says it: `of its connection`. */
  constructor(
    readonly whose: string,
    readonly most: number,
  ) {}
}

/** The accounts of one server. A reader's requests have one of their own: they cannot crowd out what workers send. */
export class ServerUnfinished {
  readonly #requests = new Account('of all requests', REQUESTS_UNFINISHED_BYTES_MAX);
  readonly #streams = new Account('of all streams', STREAMS_UNFINISHED_BYTES_MAX);
  /** By connection. */
  readonly #connections = new WeakMap<object, Account>();

  /** @param isStream whether the call brings many messages, or one request. */
  callOf(connection: object, isStream: boolean): CallUnfinished {
    let own = this.#connections.get(connection);
    if (own === undefined) {
      own = new Account('of its connection', CONNECTION_UNFINISHED_BYTES_MAX);
      this.#connections.set(connection, own);
    }
    return new CallUnfinished([own, isStream ? this.#streams : this.#requests]);
  }
}

/** What one call has under way. */
class CallUnfinished {
  readonly #accounts: readonly Account[];
  #held = 0;
  /** Of gRPC's frame: a byte and the length of the message behind it. */
  readonly #head = Buffer.alloc(5);
  #headBytes = 0;
  #left = 0;

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  /** A piece of the call came. @returns what is over its limit, in words; null where nothing is. */
  take(piece: Buffer): string | null {
    let held = this.#held + PIECE_BYTES;
    for (let at = 0; at < piece.byteLength;) {
      if (this.#left === 0) {
        this.#head[this.#headBytes++] = piece[at++];
        held += 1;
        if (this.#headBytes < this.#head.length) continue;
        this.#headBytes = 0;
        this.#left = this.#head.readUInt32BE(1);
      } else {
        const bytes = Math.min(this.#left, piece.byteLength - at);
        at += bytes;
        held += bytes;
        this.#left -= bytes;
      }
      // It is whole, and is passed on: only what follows it in this piece is kept.
      if (this.#left === 0) held = at < piece.byteLength ? PIECE_BYTES : 0;
    }
    this.#hold(held);
    // Whatever others keep, what is whole as it comes is taken.
    if (held === 0) return null;
    const over = this.#accounts.find(({ bytes, most }) => bytes > most);
    return over === undefined
      ? null
      : `unfinished messages ${over.whose}: expected at most ${over.most} bytes, received more`;
  }

  /** The call is over, or all of it has come. */
  end(): void {
    this.#hold(0);
  }

  #hold(bytes: number): void {
    for (const account of this.#accounts) account.bytes += bytes - this.#held;
    this.#held = bytes;
  }
}
