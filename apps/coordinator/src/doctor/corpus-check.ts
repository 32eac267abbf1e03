import { QUIJOTE_URL } from '../corpus/book-fetch.js';
import { ok, warning, type Finding } from './finding.js';
import { CORPUS_TIMEOUT_MS } from './limits.js';

/** Whether `corpus fetch quijote` would be answered. Nothing of the book is read. */
export async function corpusFinding(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const address = environment['ROCINANTE_QUIJOTE_URL'] || QUIJOTE_URL;
  const host = URL.canParse(address) ? new URL(address).host : 'what ROCINANTE_QUIJOTE_URL names';
  const expected = `an answer of ${host}`;
  const advice =
    'fetch the text elsewhere, and give its file by --corpus; or name a mirror by ROCINANTE_QUIJOTE_URL';
  try {
    const signal = AbortSignal.timeout(CORPUS_TIMEOUT_MS);
    const { status } = await fetch(address, { method: 'HEAD', signal });
    if (status < 400) return ok('corpus fetch', expected, `status ${status}`);
    return warning('corpus fetch', expected, `status ${status}`, advice);
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error };
    return warning('corpus fetch', expected, cause?.message ?? message, advice);
  }
}
