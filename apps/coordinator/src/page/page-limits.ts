/** Every limit of the live page, in one place. Sizes are in bytes, times in milliseconds. */

/** Pages that follow what happens, at once, and of one token's holder; one more is told to come later. */
export const STREAMS_MAX = 64;
export const STREAMS_PER_HOLDER_MAX = 16;

/** What waits for a page that does not read; one that is slower is cut off, and comes back where it was. */
export const STREAM_WAITING_BYTES_MAX = 4 << 20;

/** Above this, pictures of the present are left out: the next one says as much. */
export const STREAM_BUSY_BYTES = 64 << 10;

/** How often something is sent where nothing happens: well below the server's limit for a connection that stands still. */
export const HEARTBEAT_INTERVAL_MS = 15_000;

/** How often the list of runs and the present of one are looked at. */
export const PRESENT_INTERVAL_MS = 1_000;

/** After how long a page whose stream broke comes back. */
export const STREAM_RETRY_MS = 1_000;

/** Entries of a run's log that a page is sent when it comes back; after more it begins anew. */
export const MISSED_ENTRIES_MAX = 5_000;

/** Entries that wait while a run's log is read; a page that would need more is cut off. */
export const HELD_ENTRIES_MAX = 16_384;

/** The last entries that are told when a page opens: of what is usual, and as many of what is not. */
export const TOLD_ENTRIES_MAX = 200;

/** Points of a curve of the past. */
export const CURVE_POINTS_MAX = 1_024;

/** People who are logged in; one more ends the session that is the oldest. */
export const SESSIONS_MAX = 256;

/** Logins of one holder; one more ends his oldest, so that nobody ends others' by his own. */
export const SESSIONS_PER_HOLDER_MAX = 16;

/** How long a login lasts. */
export const SESSION_AGE_MS = 12 * 3_600_000;

/** Characters of a token in the form. */
export const TOKEN_LENGTH_MAX = 512;

/** Characters of a refused request's path in a line of the log. */
export const SHOWN_PATH_LENGTH_MAX = 80;
