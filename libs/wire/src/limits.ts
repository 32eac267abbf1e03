/**
 * Every limit of the wire, in one place. Sizes are in bytes, times in milliseconds.
 */

/** A message, either way. A range is at most 1 MiB; a report of 268 million parameters has 1 MiB of magnitudes. */
export const MESSAGE_BYTES_MAX = 4 << 20;

/**
 * Elements of all lists of a message, and messages inside it, together: each may take two bytes of it, and much more memory. A
 * report has 1,024 results at most, a message of losses LOSSES_MAX; an evaluation in windows of eight symbols and pieces of
 * one window has so many, all of which one worker may compute.
 */
export const ELEMENTS_MAX = 131_072;

/** HTTP/2 windows of a stream and of a connection: 64 KiB, the default, holds a link to one window a round trip. */
export const FLOW_CONTROL_WINDOW_BYTES = 8 << 20;

/**
 * Ranges of parameters that one worker may have under way. grpc-js buffers without bound what a client does not read, so
 * a server sends only against credits.
 */
export const CREDITS_OUTSTANDING_MAX = 8;

/**
 * What is under way to a worker at once, in milliseconds of its link, beside one range or chunk: its keep-alives wait behind it. With
 * as much the other way that is half of KEEPALIVE_TIMEOUT_MS on a link of 17 Mbit/s, and on one of 4.2 Mbit/s all of it.
 */
export const UNDER_WAY_MS_MAX = 500;

/** One call for a piece of the corpus, and one chunk of its answer. */
export const CORPUS_CALL_BYTES_MAX = 8 << 20;
export const CORPUS_CHUNK_BYTES_MAX = 1 << 20;

/** From a call's start to its first message. */
export const HELLO_TIMEOUT_MS = 5_000;

/** A name of a worker or of a pool, in characters. */
export const NAME_LENGTH_MAX = 64;

/** What a worker says of its engine: each text, in characters, and how many features. */
export const ENGINE_TEXT_LENGTH_MAX = 256;
export const ENGINE_FEATURES_MAX = 64;

/** What a person may say of a run: its name, its tags and a note, in characters; and its priority, either way from 0. */
export const RUN_NAME_LENGTH_MAX = 64;
export const TAGS_MAX = 16;
export const TAG_LENGTH_MAX = 64;
export const NOTE_LENGTH_MAX = 1024;
export const PRIORITY_MAX = 1000;

/** `host:port`: the longest name in DNS, and a port. */
export const ADDRESS_LENGTH_MAX = 260;

/** Sessions that a coordinator holds at once. */
export const SESSIONS_MAX = 1024;

/** Connections to a server at once, workers' and operators'; one more is closed as it comes. */
export const CONNECTIONS_MAX = 2048;

/** Calls of one connection at once: a worker has four, an operator two or three. */
export const CALLS_MAX = 64;

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

/**
 * From an attempt to join until Welcome. While a link is cut, the kernel repeats a connection's first packet after 1, 3, 7
 * and more seconds: an attempt that began long before the link came back would be heard of long after it.
 */
export const CONNECT_TIMEOUT_MS = 2_000;

/** How often a worker relays its metrics, and the lines of its log about a run. */
export const METRICS_INTERVAL_MS = 5_000;
export const LOG_LINES_INTERVAL_MS = 1_000;

/** How long the last lines of workers' logs about a run are waited for after EndRun. */
export const LAST_LINES_TIMEOUT_MS = 1_000;

/** How long a stopping server waits for its streams to end by themselves. */
export const SHUTDOWN_GRACE_MS = 2_000;

/** Lines of a worker's log in one message, and their bytes. */
export const LOG_LINES_MAX = 64;
export const LOG_LINES_BYTES_MAX = 64 << 10;

/** A worker's metrics, as it relays them. */
export const METRICS_BYTES_MAX = 256 << 10;

/** Contents that an operator may ask for in one `Have`, and bytes of one chunk of a content or of a weights file. */
export const CONTENTS_ASKED_MAX = 16;
export const CONTENT_CHUNK_BYTES_MAX = 1 << 20;

/** Losses in one message. */
export const LOSSES_MAX = 65_536;

/** Steps' digests in one message, and the bytes of each: three of 128 bits. */
export const DIGESTS_MAX = 16_384;
export const STEP_DIGESTS_BYTES = 48;

/** How long a client without the right certificate is answered that it lacks one, before its connection is closed. */
export const REFUSAL_LINGER_MS = 1_000;

/** How long a server that hung up on a client in plain is asked whether it speaks TLS. */
export const PROBE_TIMEOUT_MS = 1_000;

/** All headers of one call: names, values, and 32 bytes for each. A token and gRPC's own are far below it. */
export const HEADERS_BYTES_MAX = 16 << 10;

/** The request of a call that needs no token, that of health: its one field is a service's name. */
export const OPEN_REQUEST_BYTES_MAX = 1 << 10;

/** That of any other call that brings one: a name, some hashes. `Start` brings a configuration and what people say of the run. */
export const REQUEST_BYTES_MAX = 64 << 10;
export const START_BYTES_MAX = 1 << 20;

/** From such a call's start until its request is whole; that of health has HELLO_TIMEOUT_MS. */
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * What is kept of messages that are not whole yet: of one connection a worker's report and range, or an operator's request and
 * piece of a text; of a server's requests together; and of all its streams, half a range for each of SESSIONS_MAX workers.
 */
export const CONNECTION_UNFINISHED_BYTES_MAX = 8 << 20;
export const REQUESTS_UNFINISHED_BYTES_MAX = 32 << 20;
export const STREAMS_UNFINISHED_BYTES_MAX = 512 << 20;

/** What one piece of a message takes beside its bytes: a frame may bring one of them. */
export const PIECE_BYTES = 256;

/**
 * How long a connection is kept on which no call showed a token that counts, where tokens are asked for; and how many are
 * kept longer since they watch the health.
 */
export const STRANGER_TIMEOUT_MS = 10_000;
export const STRANGERS_WATCHING_MAX = 16;

/** Connections of one address on which no call was let in yet, where tokens are asked for; one more is closed as it comes. */
export const STRANGERS_PER_ADDRESS_MAX = 64;
