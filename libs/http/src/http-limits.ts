/**
 * Every limit of the HTTP server, in one place. Sizes are in bytes, times in milliseconds. A scrape is one short request,
 * an order a short form; a live page holds one answer open.
 */

/** All of a request's headers. */
export const HEADERS_BYTES_MAX = 8 << 10;

/** A request's path and query. */
export const URL_LENGTH_MAX = 2_048;

/** Connections at once, and of one token's holder: a browser has up to six. */
export const CONNECTIONS_MAX = 256;
export const CONNECTIONS_PER_HOLDER_MAX = 64;

/** Further connections, on which only what is open to all is answered, such as health; one more is closed as it comes. */
export const OPEN_CONNECTIONS_MAX = 16;

/** Those of one address on which nobody was let in yet; one more is closed as it comes. */
export const STRANGERS_PER_ADDRESS_MAX = 32;

/** From a connection's first byte to the end of the headers, and to the end of the request. */
export const HEADERS_TIMEOUT_MS = 5_000;
export const REQUEST_TIMEOUT_MS = 10_000;

/** How often the two above are looked at: Node's default, 30 s, would be the limit in their place. */
export const TIMEOUT_CHECK_INTERVAL_MS = 1_000;

/** A connection on which nothing moves: also a client that does not read its answer. Longer than a usual scrape interval. */
export const IDLE_TIMEOUT_MS = 65_000;

/** How long a stopping server waits for answers in progress. */
export const STOP_GRACE_MS = 1_000;

/** A POST's body: a form, or an order in JSON. */
export const BODY_BYTES_MAX = 64 << 10;
