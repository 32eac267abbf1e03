import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { HELLO_TIMEOUT_MS, OPEN_REQUEST_BYTES_MAX } from './limits.js';
import { needOf } from './method-needs.js';
import type { ServerRefusalListener } from './server-refusals.js';

/**
 * Bounds the request of a call that needs no token, before grpc-js gathers its message: MESSAGE_BYTES_MAX for each of
 * CALLS_MAX calls would be memory for whoever asks. The answer has no limit in time: a watch of health goes on.
 */
export function boundOpenCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  refuse: ServerRefusalListener,
): void {
  const path = headers[':path'] ?? '';
  if (needOf(path) !== 'open') return;
  const method = path.slice(0, 80);
  const late = setTimeout(() => {
    refuse('TIMEOUT', `${method}: its request did not end within ${HELLO_TIMEOUT_MS} ms`);
    stream.destroy();
  }, HELLO_TIMEOUT_MS);
  let bytes = 0;
  // Comes before the listener of grpc-js, which takes nothing from a stream that is destroyed.
  stream.on('data', (data: Buffer) => {
    bytes += data.byteLength;
    if (bytes <= OPEN_REQUEST_BYTES_MAX || stream.destroyed) return;
    const what = `expected at most ${OPEN_REQUEST_BYTES_MAX} bytes, received ${bytes}`;
    refuse('MESSAGE_TOO_LARGE', `${method}: its request: ${what}`);
    stream.destroy();
  });
  stream.once('end', () => clearTimeout(late));
  stream.once('close', () => clearTimeout(late));
}
