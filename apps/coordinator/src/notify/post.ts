import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ANSWER_HEADERS_BYTES_MAX, ATTEMPT_TIMEOUT_MS } from './limits.js';

/** What came of one attempt. */
export interface PostResult {
  readonly status: number;
  /** What the receiver asks for by Retry-After in seconds; null where it asks for none. */
  readonly retryAfterMs: number | null;
}

/**
 * POSTs JSON, once, on a connection of its own. Of the answer nothing but status and headers is read, whatever its length, and
 * a redirection is an answer like any other.
 * @throws Node's error, or one of a timeout; neither holds the address's path.
 */
export function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  timeoutMs = ATTEMPT_TIMEOUT_MS,
): Promise<PostResult> {
  return new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = ask(url, {
      method: 'POST',
      agent: false,
      maxHeaderSize: ANSWER_HEADERS_BYTES_MAX,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      },
    });
    const timer = setTimeout(
      () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const abort = (): void => {
      sent.destroy(new Error('it was given up'));
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    // One that comes after the answer, since that is cut off, settles nothing.
    sent.on('error', (error) => {
      over();
      reject(error);
    });
    sent.on('response', (answer) => {
      over();
      const seconds = Number(answer.headers['retry-after'] ?? NaN);
      resolve({
        status: answer.statusCode ?? 0,
        retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null,
      });
      answer.on('error', () => undefined);
      answer.destroy();
    });
    sent.end(body);
  });
}
