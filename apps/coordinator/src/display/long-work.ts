import { duration } from './quantities.js';

/** Between two lines that say that something long still goes on. */
export const SILENCE_MS = 60_000;

/**
 * Does what may take long and says nothing meanwhile, with a line now and then that it still goes on.
 * @param what as in `still computing, for 2 min 00 s`.
 */
export async function unsilently<Result>(
  what: string,
  tell: (line: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  const timer = setInterval(() => {
    tell(`still ${what}, for ${duration((performance.now() - began) / 1000)}`);
  }, SILENCE_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
