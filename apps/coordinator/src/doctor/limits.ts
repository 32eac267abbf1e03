/** Every limit of doctor's, and the bounds that it judges by, in one place. Times are in milliseconds, sizes in bytes. */

/** One check of this machine, and one of a coordinator's: what takes longer is a finding itself. */
export const CHECK_TIMEOUT_MS = 30_000;
/** Loading TensorFlow from a slow disk takes some ten seconds. */
export const ENGINE_TIMEOUT_MS = 60_000;
/** With a card CUDA's libraries are loaded too, some 3 GB, and kernels may be compiled for it when they are first called. */
export const CARD_ENGINE_TIMEOUT_MS = 180_000;
/** Until a connection, a handshake, a page or a call's answer. */
export const REACH_TIMEOUT_MS = 4_000;
export const CORPUS_TIMEOUT_MS = 10_000;
/** What the engine's process may say. */
export const ENGINE_OUTPUT_BYTES_MAX = 64 << 10;

export const MEMORY_GOOD_BYTES = 2e9;
export const MEMORY_LEAST_BYTES = 500e6;
/** A coordinator holds up to 2,048 connections, and files beside. */
export const OPEN_FILES_GOOD = 4_096;
export const OPEN_FILES_LEAST = 1_024;

/** One write of so many bytes with its fsync, so often. */
export const FSYNC_BYTES = 1 << 20;
export const FSYNC_COUNT = 5;
export const FSYNC_GOOD_MS = 100;
export const FSYNC_MOST_MS = 2_000;

/** A `date` header has whole seconds. */
export const CLOCK_GOOD_SECONDS = 2;
/** Receivers of signed notices, and others that compare times, refuse what is five minutes off. */
export const CLOCK_MOST_SECONDS = 60;

export const ROUND_TRIPS = 5;
export const ROUND_TRIP_GOOD_MS = 50;
export const ROUND_TRIP_MOST_MS = 1_000;
/** A transfer is ended after so many bytes, or so long. */
export const TRANSFER_BYTES_MAX = 16 << 20;
export const TRANSFER_MS_MAX = 2_000;
/** Less says nothing of a link. */
export const TRANSFER_BYTES_LEAST = 256 << 10;
export const BANDWIDTH_GOOD_BYTES_A_SECOND = 12.5e6;
export const BANDWIDTH_LEAST_BYTES_A_SECOND = 1.25e6;

export const CERTIFICATE_GOOD_DAYS = 30;
export const CERTIFICATE_LEAST_DAYS = 0;

/** Active runs that are looked at, and workers whose versions are asked for. */
export const RUNS_MAX = 16;
export const WORKERS_MAX = 256;
/** How long a run's last entries are waited for. */
export const ENTRIES_WAIT_MS = 1_500;
/** A run without a step for so many times the last one's duration, and for so long, is stuck. */
export const STUCK_FACTOR = 10;
export const STUCK_LEAST_MS = 60_000;
/** Workers lost within so long are told of. */
export const LOSSES_AGE_MS = 3_600_000;

/** A page of metrics. */
export const PAGE_BYTES_MAX = 8 << 20;
