import { EXIT_INTERRUPTED } from '../exit-codes.js';

/**
 * Calls `stop` at the first SIGINT or SIGTERM, and ends the process at the second.
 * @param exitCode of the second.
 * @returns a function that lets go of the signals.
 */
export function stopOnSignals(stop: () => void, exitCode = EXIT_INTERRUPTED): () => void {
  let asked = false;
  const listener = (): void => {
    if (asked) process.exit(exitCode);
    asked = true;
    stop();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener).off('SIGTERM', listener);
  };
}
