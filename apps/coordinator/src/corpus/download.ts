import { BookAddressError, BookFetchError } from './errors.js';

/** How long to wait, and how much to take. */
export interface DownloadLimits {
  /** From the request to the answer's first line, for each redirection anew. */
  readonly answerTimeoutMs: number;
  /** Between one chunk of the body and the next. */
  readonly stallTimeoutMs: number;
  /** For everything. */
  readonly totalTimeoutMs: number;
  readonly bytesMax: number;
  readonly redirectsMax: number;
}

/** Bytes that came so far; `total` is null where the server does not say. */
export type DownloadProgress = (received: number, total: number | null) => void;

const REDIRECTIONS = [301, 302, 303, 307, 308];
const INSTEAD =
  'name another address with --url or ROCINANTE_QUIJOTE_URL, or train on a text that is here: --corpus FILE';
const ADVICE = `check the network, ${INSTEAD}`;

/**
 * Gets a text by HTTP, following redirections; from https to https only.
 * @throws {BookAddressError} the address, or one that it redirects to, is not an http or https URL.
 * @throws {BookFetchError} there was no answer, another status than 200, a time-out, too much, or too little.
 * Whatever `signal` was aborted with, where it was.
 */
export async function download(
  address: string,
  limits: DownloadLimits,
  onProgress: DownloadProgress,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const watch = new Watch(limits.totalTimeoutMs, signal);
  let url = parseAddress(address);
  try {
    for (let redirects = 0; ; redirects++) {
      watch.expect(limits.answerTimeoutMs, 'no answer came within');
      const response = await fetch(url, {
        redirect: 'manual',
        signal: watch.signal,
        headers: { accept: 'text/plain', 'accept-encoding': 'identity' },
      });
      const location = response.headers.get('location');
      if (!REDIRECTIONS.includes(response.status) || location === null) {
        return await receiveBody(url.href, response, limits, watch, onProgress);
      }
      await response.body?.cancel();
      if (redirects === limits.redirectsMax) {
        throw new BookFetchError(
          'status',
          url.href,
          `expected at most ${limits.redirectsMax} redirections, received more`,
        );
      }
      url = redirected(url, location);
    }
  } catch (error) {
    if (error instanceof BookFetchError || error instanceof BookAddressError) throw error;
    signal?.throwIfAborted();
    if (watch.expired !== null)
      throw new BookFetchError('timeout', url.href, `${watch.expired}; ${ADVICE}`, { cause: error });
    throw new BookFetchError('unreachable', url.href, `cannot reach it: ${causeOf(error)}; ${ADVICE}`, {
      cause: error,
    });
  } finally {
    watch.stop();
  }
}

async function receiveBody(
  address: string,
  response: Response,
  limits: DownloadLimits,
  watch: Watch,
  onProgress: DownloadProgress,
): Promise<Uint8Array> {
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    const received = `${response.status} ${response.statusText}`.trim();
    throw new BookFetchError('status', address, `expected status 200, received ${received}; ${INSTEAD}`);
  }
  const type = response.headers.get('content-type');
  if (type !== null && !/^(text\/plain|application\/octet-stream)\b/i.test(type)) {
    await response.body.cancel();
    throw new BookFetchError('wrong-text', address, `expected plain text, received ${type}`);
  }
  const total = announcedLength(response);
  const tooLarge = (received: number): BookFetchError =>
    new BookFetchError(
      'too-large',
      address,
      `expected at most ${limits.bytesMax} bytes, received ${received}`,
    );
  if (total !== null && total > limits.bytesMax) {
    await response.body.cancel();
    throw tooLarge(total);
  }

  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    watch.expect(limits.stallTimeoutMs, `after ${received} bytes nothing came for`);
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (watch.signal.aborted) throw error;
      throw cut(address, received, total, error);
    });
    if (done) break;
    received += value.length;
    if (received > limits.bytesMax) {
      await reader.cancel();
      throw tooLarge(received);
    }
    chunks.push(value);
    onProgress(received, total);
  }
  if (total !== null && received !== total) throw cut(address, received, total);
  return Buffer.concat(chunks);
}

function cut(address: string, received: number, total: number | null, cause?: unknown): BookFetchError {
  const expected = total === null ? 'the whole text' : `${total} bytes`;
  return new BookFetchError(
    'cut',
    address,
    `expected ${expected}, received ${received} bytes before the transfer was cut; try again`,
    { cause },
  );
}

/** The body's length in bytes as the server gives it; null where it gives none, or one of the compressed body. */
function announcedLength(response: Response): number | null {
  const length = response.headers.get('content-length');
  return length === null || response.headers.has('content-encoding') ? null : Number(length);
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new BookAddressError(address, 'an http or https address');
  }
  return url;
}

function redirected(from: URL, location: string): URL {
  const to = parseAddress(URL.canParse(location, from.href) ? new URL(location, from).href : location);
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw new BookAddressError(to.href, `no redirection from https to http (from ${from.href})`);
  }
  return to;
}

/** The system's own words: Node's fetch says only “fetch failed”, and keeps them as its cause. */
function causeOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0];
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

/** Aborts what is under way when nothing comes for too long, and remembers what was waited for. */
class Watch {
  readonly #controller = new AbortController();
  readonly #total: NodeJS.Timeout;
  readonly #unlink: () => void;
  #step: NodeJS.Timeout | undefined;
  /** What did not come in time; null while all is well. */
  expired: string | null = null;

  constructor(totalTimeoutMs: number, outer: AbortSignal | undefined) {
    this.#total = setTimeout(
      () => this.#expire('the transfer was not done within', totalTimeoutMs),
      totalTimeoutMs,
    );
    const abort = (): void => this.#controller.abort(outer?.reason);
    outer?.addEventListener('abort', abort);
    if (outer?.aborted) abort();
    this.#unlink = () => outer?.removeEventListener('abort', abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins to wait for the next thing; `trouble` says what did not come, up to the time. */
  expect(timeoutMs: number, trouble: string): void {
    clearTimeout(this.#step);
    this.#step = setTimeout(() => this.#expire(trouble, timeoutMs), timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#step);
    clearTimeout(this.#total);
    this.#unlink();
  }

  #expire(trouble: string, timeoutMs: number): void {
    this.expired ??= `${trouble} ${timeoutMs / 1000} s`;
    this.#controller.abort();
  }
}
