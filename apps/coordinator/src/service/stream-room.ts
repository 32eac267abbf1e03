import type { Writable } from 'node:stream';
import { WireError } from '@rocinante/wire';

/** For so long a reader may take nothing of what waits for it, before it is given up. */
export const READER_STALL_MS = 60_000;

/**
 * Waits until a stream that asked to wait takes more, or is closed. It leaves no listener behind, however often it is asked.
 * @throws {WireError} TIMEOUT: the reader took nothing for `stallMs`.
 */
export function roomIn(stream: Writable, stallMs = READER_STALL_MS): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) return resolve();
    const forget = (): void => {
      clearTimeout(timer);
      stream.off('drain', go).off('close', go);
    };
    const go = (): void => {
      forget();
      resolve();
    };
    const timer = setTimeout(() => {
      forget();
      reject(new WireError('TIMEOUT', `this reader took nothing for ${stallMs / 1000} s`));
    }, stallMs);
    stream.on('drain', go).on('close', go);
  });
}
