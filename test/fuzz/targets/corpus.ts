import { encodeCorpus, textPieces, wordsOf } from '@rocinante/corpus';
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

/** A text, as it is trained on: decoded, normalised in each way, encoded, and its words. */
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
    const composed = encodeCorpus(bytes, { normalisation: 'nfc', subject: 'text.txt' });
    // A piece of the text has no place to cut where a line is longer, and marks are composed so many at a time.
    const isComposedAtOnce = bytes.length <= 1 << 20 && !/\p{M}{64}/u.test(decoded);
    if (isComposedAtOnce && composed.vocabulary.decode(composed.ids) !== decoded.normalize('NFC')) {
      throw new Error('the text is not composed');
    }
    const folded = encodeCorpus(bytes, { normalisation: 'reference', subject: 'text.txt' });
    wordsOf(textPieces(bytes, 'text.txt'));
    return folded.ids.length > 0;
  },
});
