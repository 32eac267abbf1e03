import { Worker } from 'node:worker_threads';
import { AssertionError, RocinanteError } from '@rocinante/base';
import { Vocabulary, type EncodedCorpus } from '@rocinante/corpus';
import { RunFailedError } from '../errors.js';
import type { EncodeAnswer, EncodeFailure, EncodeRequest } from './encode-messages.js';

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const workerFile = new URL('../../dist/corpus/encode-worker.js', import.meta.url);

/** A text as a run needs it. */
export interface EncodedText {
  readonly corpus: EncodedCorpus;
  /** The most frequent words, for whole-word sampling. */
  readonly words: readonly string[];
}

/**
 * Encodes a text in a thread of its own, so that the network's thread goes on meanwhile. The bytes are handed over: they
 * are gone here afterwards.
 * @param signal ends it before its end: its reason is thrown then.
 * @throws {RocinanteError} as `encodeCorpus`. @throws {RunFailedError} it does not fit the thread's memory.
 */
export async function encodeText(request: EncodeRequest, signal?: AbortSignal): Promise<EncodedText> {
  signal?.throwIfAborted();
  const bytes = ownBuffer(request.bytes);
  const thread = new Worker(workerFile, {
    workerData: { ...request, bytes },
    transferList: [bytes.buffer],
  });
  const giveUp = (): void => void thread.terminate();
  signal?.addEventListener('abort', giveUp);
  try {
    const answer = await answerOf(thread, request.subject);
    signal?.throwIfAborted();
    if (answer === null) throw new AssertionError('the encoding thread answers, or is ended');
    if ('code' in answer) throw new RocinanteError(answer.code, answer.exitCode, answer.message);
    const { ids, symbols, textSha256, idsSha256, words } = answer;
    const vocabulary = new Vocabulary([...symbols]);
    const { normalisation } = request;
    return { corpus: { ids, vocabulary, normalisation, textSha256, idsSha256 }, words };
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await thread.terminate();
  }
}

/** What the thread says; null where it ends without a word. */
function answerOf(thread: Worker, subject: string): Promise<EncodeAnswer | EncodeFailure | null> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('exit', () => resolve(null));
    thread.once('error', (error: NodeJS.ErrnoException) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(isFull ? new RunFailedError(`${subject}: encoding it takes more memory than there is`) : error);
    });
  });
}

/** Bytes in a buffer that is theirs alone, and can be handed over. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const own = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return own ? new Uint8Array(buffer) : Uint8Array.from(bytes);
}
