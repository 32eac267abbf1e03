/** Every limit of a support archive, in one place. Sizes are in bytes before compression, times in milliseconds. */

/** The last part of a log or an event log. */
export const LINES_BYTES_MAX = 2 << 20;
/** Last lines of the ledger, and their bytes. */
export const LEDGER_LINES_MAX = 200;
export const LEDGER_BYTES_MAX = 1 << 20;
/** A record, a configuration, a page of metrics: a longer one is cut at its end. */
export const PART_BYTES_MAX = 1 << 20;
/** Workers whose metrics are asked for. */
export const WORKERS_MAX = 32;
/** All parts together: what comes after them is left out. */
export const ARCHIVE_BYTES_MAX = 24 << 20;

/** Files that are listed, and bytes of them that are hashed. */
export const FILES_MAX = 2_000;
export const HASHED_BYTES_MAX = 2 ** 31;

/** A line that is longer is left out: a log's have 64 KiB at most. */
export const LINE_LENGTH_MAX = 256 << 10;

/** How long the entries of a run afar are waited for. */
export const WATCH_WAIT_MS = 3_000;
/** Losses that are kept: the last ones. */
export const LOSSES_MAX = 100_000;

/** Shorter values are no secrets that could be found in a text without finding other things. */
export const SECRET_LENGTH_MIN = 6;
/** A file that may hold a secret. */
export const SECRET_FILE_BYTES_MAX = 64 << 10;
