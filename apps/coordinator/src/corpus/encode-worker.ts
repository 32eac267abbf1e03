/** The encoding thread: encodes one text, and ends. A large one takes minutes, for which the network cannot wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert, RocinanteError } from '@rocinante/base';
import { encodeCorpus, Vocabulary, wordsOf, type EncodedCorpus } from '@rocinante/corpus';
import type { EncodeAnswer, EncodeFailure, EncodeRequest } from './encode-messages.js';

/** Characters of a piece of text. */
const TEXT_PIECE = 1 << 16;

const port = parentPort;
assert(port !== null, 'encode-worker.js runs as a worker thread');
port.postMessage(answer(workerData as EncodeRequest));

function answer({ bytes, normalisation, subject, symbols }: EncodeRequest): EncodeAnswer | EncodeFailure {
  try {
    const vocabulary = symbols === null ? undefined : new Vocabulary([...symbols]);
    const corpus = encodeCorpus(bytes, { normalisation, subject, vocabulary });
    return {
      ids: shared(corpus.ids),
      symbols: corpus.vocabulary.symbols,
      textSha256: corpus.textSha256,
      idsSha256: corpus.idsSha256,
      words: wordsOf(textOf(corpus)),
    };
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    const { code, exitCode, message } = error;
    return { code, exitCode, message };
  }
}

/** The text again, as it was normalised, in pieces. */
function* textOf({ ids, vocabulary }: EncodedCorpus): Generator<string> {
  for (let start = 0; start < ids.length; start += TEXT_PIECE) {
    yield vocabulary.decode(ids.subarray(start, start + TEXT_PIECE));
  }
}

function shared<Ids extends EncodedCorpus['ids']>(ids: Ids): Ids {
  const constructor = ids.constructor as new (buffer: SharedArrayBuffer) => Ids;
  const copy = new constructor(new SharedArrayBuffer(ids.byteLength));
  copy.set(ids);
  return copy;
}
