import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import {
  HELLO_TIMEOUT_MS,
  OPEN_REQUEST_BYTES_MAX,
  REQUEST_BYTES_MAX,
  REQUEST_TIMEOUT_MS,
  START_BYTES_MAX,
} from './limits.js';
import { needOf } from './method-needs.js';
import { runsService, trainingService } from './proto.js';
import type { ServerRefusalListener } from './server-refusals.js';
import type { ServerUnfinished } from './unfinished-bytes.js';

/** Methods whose calls bring many messages, as long as they like. */
const streams = new Set(
  [trainingService, runsService].flatMap((service) =>
    Object.values(service).flatMap(({ path, requestStream }) => (requestStream ? [path] : [])),
  ),
);

/**
 * Bounds what grpc-js gathers of a call before there is a message: MESSAGE_BYTES_MAX for each of CALLS_MAX calls of each
 * connection would be memory for whoever may call, or without a token for all. A call that brings one request has a limit for its
 * bytes and for the time until it is whole. The answer has no limit in time: a watch goes on.
 */
export function boundRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  unfinished: ServerUnfinished,
  refuse: ServerRefusalListener,
): void {
  const path = headers[':path'] ?? '';
  const method = path.slice(0, 80);
  const isStream = streams.has(path);
  const { bytesMax, timeoutMs } = boundsOf(path);
  const late = isStream
    ? undefined
    : setTimeout(() => {
        refuse('TIMEOUT', `${method}: its request did not end within ${timeoutMs} ms`);
        stream.destroy();
      }, timeoutMs);
  const call = unfinished.callOf(stream.session!, isStream);
  const end = (): void => {
    clearTimeout(late);
    call.end();
  };
  let bytes = 0;
  // Comes before the listener of grpc-js, which takes nothing from a stream that is destroyed.
  stream.on('data', (data: Buffer) => {
    if (stream.destroyed) return;
    bytes += data.byteLength;
    const over = call.take(data);
    const long = !isStream && bytes > bytesMax;
    if (!long && over === null) return;
    const what = long ? `expected at most ${bytesMax} bytes, received ${bytes}` : over;
    refuse('MESSAGE_TOO_LARGE', `${method}: its request: ${what}`);
    end();
    stream.destroy();
  });
  stream.once('end', end);
  stream.once('close', end);
}

/** Of a call that brings one request. */
function boundsOf(path: string): { readonly bytesMax: number; readonly timeoutMs: number } {
  if (needOf(path) === 'open') return { bytesMax: OPEN_REQUEST_BYTES_MAX, timeoutMs: HELLO_TIMEOUT_MS };
  const bytesMax = path === runsService.Start.path ? START_BYTES_MAX : REQUEST_BYTES_MAX;
  return { bytesMax, timeoutMs: REQUEST_TIMEOUT_MS };
}
