import {
  corpusFromBytes,
  describeCorpus,
  encodeCorpus,
  textPieces,
  Vocabulary,
  wordsOf,
  type CorpusDescription,
} from '@rocinante/corpus';
import { sha256 } from '@rocinante/base';
import type { Edit } from '../byte-edits.js';
import { editJson, jsonOf } from '../json-edits.js';
import { editText } from '../text-edits.js';
import type { Target } from '../target.js';

const TEXT =
  'En un lugar\r\nsin nombre, «el día» de Ünal ſtraße\n\n\n\nΣΙΣΥΦΟΣ \u{1f980} l’eau d’où\ttrois\r';

/** A text longer than the pieces in which it is decoded, without a place to cut where one ends. */
function longText(): Uint8Array {
  const bytes = Buffer.alloc((1 << 20) + 64, 'a');
  bytes.write('é\r\n\u{1f980}\rß', (1 << 20) - 4);
  return bytes;
}

/** A text, as it is trained on: decoded, normalised both ways, encoded, and its words. */
export const corpusText = (): Target => ({
  name: 'corpus text',
  // The long one takes as long as all others, and stands once.
  inputs: [
    ...Array.from({ length: 8 }, (_, skipped) => Buffer.from(TEXT.slice(skipped * 5))),
    Buffer.from('\ufeffuno dos\n'),
    longText(),
  ],
  edits: [editText],
  read: (bytes) => {
    const plain = encodeCorpus(bytes, { normalisation: 'none', subject: 'text.txt' });
    const text = plain.vocabulary.decode(plain.ids);
    const decoded = Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .replace(/\r\n?/g, '\n');
    if (text !== decoded) throw new Error('the ids are not those of the text');
    const folded = encodeCorpus(bytes, { normalisation: 'reference', subject: 'text.txt' });
    wordsOf(textPieces(bytes, 'text.txt'));
    return folded.ids.length > 0;
  },
});

interface Sent {
  readonly description: CorpusDescription;
  readonly ids: string;
}

function sent(text: string): Sent {
  const corpus = encodeCorpus(Buffer.from(text), { normalisation: 'none' });
  const { buffer, byteOffset, byteLength } = corpus.ids;
  return {
    description: describeCorpus(corpus),
    ids: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  };
}

/** Edits a description, and then often gives it the hash of the ids. */
const editSent: Edit = (bytes, draw) => {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      description: Record<string, unknown>;
      ids: string;
    };
    const edited = editJson(value, draw) as typeof value;
    if (draw.chance(0.7)) {
      edited.description.idsSha256 = sha256(Buffer.from(edited.ids, 'base64'));
    }
    return Buffer.from(jsonOf(edited) ?? '');
  } catch {
    return bytes;
  }
};

/** An encoded corpus with its description, as a worker is sent them. What is not of the messages' types is left out. */
export const encodedCorpus = (): Target => ({
  name: 'encoded corpus',
  inputs: [
    sent(TEXT),
    sent(Array.from({ length: 300 }, (_, index) => String.fromCodePoint(0x100 + index)).join('')),
  ].map((value) => Buffer.from(JSON.stringify(value))),
  edits: [editSent],
  read: (bytes) => {
    const value = sentOf(bytes);
    if (value === null) return false;
    // Off the alignment, as a message's bytes are.
    const ids = Buffer.concat([Buffer.alloc(1), Buffer.from(value.ids, 'base64')]).subarray(1);
    const corpus = corpusFromBytes(ids, value.description);
    new Vocabulary(corpus.vocabulary.symbols).decode(corpus.ids);
    return true;
  },
});

function sentOf(bytes: Uint8Array): Sent | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Sent> | null;
    const { symbolCount, idsSha256 } = value?.description ?? {};
    const isSent =
      typeof value?.ids === 'string' && typeof symbolCount === 'number' && typeof idsSha256 === 'string';
    return isSent ? (value as Sent) : null;
  } catch {
    return null;
  }
}
