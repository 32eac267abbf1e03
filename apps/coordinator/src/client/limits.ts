/** Every limit of the operator's side, in one place. Times are in milliseconds, sizes in bytes. */

/** From a call to a connection: after this, there is no coordinator. */
export const REACH_TIMEOUT_MS = 4_000;

/** From a call to its one answer; removing a run, or starting one over a long text, takes a disk's time. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** A transfer in which nothing moved for so long is given up. Keep-alives find dead links much sooner. */
export const STALL_TIMEOUT_MS = 60_000;

/** How long a lost connection is tried again, and how often. */
export const RECONNECT_LIMIT_MS = 120_000;
export const RECONNECT_PAUSE_MS = 1_000;

/** Between two looks at a run that is queued, where its entries end without its end. */
export const QUEUE_PAUSE_MS = 2_000;

// What follows are the protocol's bounds, as libs/wire has them: it loads gRPC, which a wrong option need not wait for.

/** A piece of a content as it is pushed. */
export const CONTENT_CHUNK_BYTES_MAX = 1 << 20;

/** What a person may say of a run, in characters. */
export const RUN_NAME_LENGTH_MAX = 64;
export const TAGS_MAX = 16;
export const TAG_LENGTH_MAX = 64;
export const NOTE_LENGTH_MAX = 1024;
export const PRIORITY_MAX = 1000;

/** A pool's name. */
export const NAME_LENGTH_MAX = 64;
export const NAME_PATTERN = /^[\w.:@-]{1,64}$/;
