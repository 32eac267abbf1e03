/**
 * Every limit of the wire, in one place. Sizes are in bytes, times in milliseconds.
 */

/** A message, either way. A range is at most 1 MiB; a report of 268 million parameters has 1 MiB of magnitudes. */
export const MESSAGE_BYTES_MAX = 4 << 20;

/** HTTP/2 windows of a stream and of a connection: 64 KiB, the default, holds a link to one window a round trip. */
export const FLOW_CONTROL_WINDOW_BYTES = 8 << 20;

/**
 * Ranges of parameters that one worker may have under way. grpc-js buffers without bound what a client does not read, so
 * a server sends only against credits.
 */
export const CREDITS_OUTSTANDING_MAX = 8;

/** One call for a piece of the corpus, and one chunk of its answer. */
export const CORPUS_CALL_BYTES_MAX = 8 << 20;
export const CORPUS_CHUNK_BYTES_MAX = 1 << 20;

/** From a call's start to its first message. */
export const HELLO_TIMEOUT_MS = 5_000;

/** A worker's name, in characters. */
export const NAME_LENGTH_MAX = 128;

/** Sessions that a coordinator holds at once. */
export const SESSIONS_MAX = 1024;

/**
 * Where a link is cut without a reset, silence is noticed after the two of these together. The network has a thread of
 * its own on both sides, so a long step never delays the answer.
 */
export const KEEPALIVE_TIME_MS = 4_000;
export const KEEPALIVE_TIMEOUT_MS = 4_000;

/** grpc-js would wait up to two minutes between attempts, and 30 s between look-ups of a name. */
export const RECONNECT_BACKOFF_MIN_MS = 100;
export const RECONNECT_BACKOFF_MAX_MS = 2_000;
export const NAME_RESOLUTION_INTERVAL_MIN_MS = 1_000;

/** How long a stopping server waits for its streams to end by themselves. */
export const SHUTDOWN_GRACE_MS = 2_000;
