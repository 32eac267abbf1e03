import { once } from 'node:events';
import type { ServiceError } from '@grpc/grpc-js';
import type { PushResponseMessage, RunsClient } from '@rocinante/wire';
import type { Content } from './content.js';
import { CoordinatorError } from './errors.js';
import { STALL_TIMEOUT_MS } from './limits.js';

/**
 * Sends a content's pieces as fast as they are taken, and returns the answer. The receiver may answer before all is sent:
 * where it has the content already, or refuses it.
 * @throws a gRPC status, CoordinatorError where nothing moves, or what reading the content throws. Nothing is kept of a content that was not sent whole.
 */
export async function sendContent(
  client: RunsClient,
  address: string,
  content: Content,
  onProgress: (sentBytes: number) => void,
): Promise<PushResponseMessage> {
  let answered = false;
  let settle!: { resolve: (answer: PushResponseMessage) => void; reject: (error: ServiceError) => void };
  const answer = new Promise<PushResponseMessage>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const call = client.push((error, response) => {
    answered = true;
    if (error) settle.reject(error);
    else settle.resolve(response!);
  });
  call.on('error', () => undefined);
  let stalled = false;
  const stallTimer = setTimeout(() => {
    stalled = true;
    call.cancel();
  }, STALL_TIMEOUT_MS);
  try {
    // A refusal in mid-transfer is told by `answer`, once.
    const over = answer.catch(() => undefined);
    let sent = 0;
    for await (const data of content.pieces()) {
      if (answered) break;
      const first = sent === 0 ? { sha256: content.sha256, bytes: content.bytes } : {};
      if (!call.write({ ...first, data })) await Promise.race([once(call, 'drain'), over]);
      sent += data.length;
      stallTimer.refresh();
      onProgress(sent);
    }
    call.end();
    return await answer;
  } catch (error) {
    call.cancel();
    if (!stalled) throw error;
    throw new CoordinatorError(address, `it took nothing for ${STALL_TIMEOUT_MS / 1000} s`, { cause: error });
  } finally {
    clearTimeout(stallTimer);
  }
}
