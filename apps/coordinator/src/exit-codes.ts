/** What the process ends with, and why; README lists them for people. */
export const EXIT_DONE = 0;
/** What was asked for failed: a run, a connection, a disk. */
export const EXIT_FAILED = 1;
/** Wrong usage, configuration or input. */
export const EXIT_USAGE = 2;
/** Somebody stopped the run that was watched: it is not done, and no limit of its own ended it. */
export const EXIT_STOPPED = 3;
/** Ctrl-C, or SIGTERM. */
export const EXIT_INTERRUPTED = 130;
