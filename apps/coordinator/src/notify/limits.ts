/** Every limit of notices, in one place. Times are in milliseconds, sizes in bytes. */

/** Notices that wait for one that is on its way; one more drops the oldest. */
export const NOTICES_WAITING_MAX = 32;

/** One attempt, from the name's look-up to the answer's status. */
export const ATTEMPT_TIMEOUT_MS = 10_000;

/** Attempts for one notice, and the time between two: doubled each time, or what the receiver asks for. */
export const ATTEMPTS_MAX = 6;
export const BACKOFF_FIRST_MS = 1_000;
export const BACKOFF_MAX_MS = 60_000;
/** The time between two while the process ends. */
export const CLOSING_PAUSE_MS = 100;

/** How long the end of `train` or of a daemon waits for notices: a daemon that is told to end has ended within 10 s. */
export const TRAIN_END_WAIT_MS = 10_000;
export const DAEMON_END_WAIT_MS = 3_000;

/** An answer's headers; of its body nothing is read. */
export const ANSWER_HEADERS_BYTES_MAX = 16 << 10;

/** A run is stuck after so many times what a step usually takes, and after `--notify-stuck` at least. */
export const STUCK_FACTOR = 10;
export const STUCK_SECONDS_DEFAULT = 300;
/** Steps of which the usual time is the median. */
export const USUAL_STEPS = 21;

/** Lost workers are told of together: those of so long, and then those of the next so long. */
export const LOSSES_GATHER_MS = 2_000;
export const LOSSES_INTERVAL_MS = 300_000;
/** Workers that one notice names. */
export const NAMES_MAX = 16;

/** A reason, in characters. */
export const REASON_LENGTH_MAX = 1_000;

/** How often is looked whether a run is stuck. */
export const TICK_MS = 1_000;

/** The key of signatures. */
export const SECRET_BYTES_MIN = 16;
export const SECRET_BYTES_MAX = 4 << 10;

/** Ends that a killed coordinator did not tell of are told when it comes back, if they are no older. */
export const UNTOLD_AGE_MAX_MS = 7 * 86_400_000;
