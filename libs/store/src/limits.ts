/**
 * Every limit of what goes to a store and comes from it, in one place. Sizes are in bytes, times in milliseconds.
 */

/** What one request carries: a larger file goes in parts of this, and comes in ranges of it. S3 takes none below 5 MiB. */
export const PART_BYTES = 8 << 20;

/** Parts of one upload, S3's own limit: a file beyond `PART_BYTES` times this has larger parts. */
export const PARTS_MAX = 10_000;

/** Of one request, its answer's body included: a part at 0.6 Mbit/s. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** How often a request is made before the store counts as lost, and the wait before the second time; it doubles. */
export const REQUEST_TRIES = 3;
export const REQUEST_WAIT_MS = 300;

/** While the store is lost it is tried again after the first of these, which doubles up to the second. */
export const RETRY_WAIT_MS = 1_000;
export const RETRY_WAIT_MS_MAX = 60_000;

/** What changes so often in a row while it is brought there, with nothing stored meanwhile, is told like a lost store. */
export const CHANGES_MAX = 3;

/** At a run's end: how long what is under way may take, and how long a store is waited for that is lost. */
export const END_WAIT_MS = 600_000;
export const END_LOST_WAIT_MS = 30_000;

/** The same where the process must end soon, as a daemon does that is told to. */
export const STOP_WAIT_MS = 2_000;

/** `latest.json`. Some 200 bytes a checkpoint: enough for the largest `--keep-last`. */
export const MANIFEST_BYTES_MAX = 4 << 20;

/**
 * `config.json` and `run.json` of a run: some 3 KB are usual, and what a person says of a run is bounded. In a store and in a
 * data directory alike, so that what a store takes can be read where it is restored.
 */
export const RECORD_BYTES_MAX = 1 << 20;

/** Keys that are looked at where what a killed coordinator left is cleared away; what is beyond is left for another time. */
export const LISTED_MAX = 20_000;

/** Characters of a prefix: with what stands behind it a key keeps below S3's 1,024. */
export const PREFIX_LENGTH_MAX = 512;

/** Bytes that are hashed before the event loop has its turn. */
export const HASH_CHUNK_BYTES = 1 << 20;
