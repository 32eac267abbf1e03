import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { assert } from '@rocinante/base';
import type { HttpAnswer } from '@rocinante/http';
import type { WeightsChunk } from '@rocinante/wire';
import type { StoredRun } from '../daemon/run-store.js';
import { sendWeights } from '../daemon/weights-sender.js';
import type { RunDirectory } from '../run/run-directory.js';

/**
 * A run's weights as a file to save, as `weights pull` gives them.
 * @param which `final`, `best` or `newest`.
 * @throws what `sendWeights` throws before the first byte; later the connection is cut, and the length tells.
 */
export async function weightsAnswer(
  run: StoredRun,
  directory: RunDirectory,
  which: string,
): Promise<HttpAnswer> {
  const body = new PassThrough();
  body.on('error', () => undefined);
  const first = await new Promise<WeightsChunk>((resolve, reject) => {
    let begun = false;
    sendWeights(
      {
        get isGone() {
          return body.destroyed;
        },
        async send(chunk) {
          if (!begun) resolve(chunk);
          begun = true;
          if (!body.write(chunk.data)) await room(body);
        },
      },
      run,
      directory,
      which,
    ).then(
      () => body.end(),
      (error: Error) => {
        body.destroy(error);
        reject(error);
      },
    );
  });
  assert(first.bytes !== undefined, 'the first piece has the length');
  const name = `${run.name.replace(/[^\w.-]+/g, '-')}-step-${Number(first.step)}.safetensors`;
  return {
    status: 200,
    contentType: 'application/octet-stream',
    body,
    headers: {
      'Content-Length': String(first.bytes),
      'Content-Disposition': `attachment; filename="${name}"`,
    },
  };
}

/** Waits until a stream takes more, or is gone. */
async function room(stream: PassThrough): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })])
    .catch(() => undefined)
    .finally(() => ended.abort());
}
