import { expect, it } from 'vitest';
import { FIRST_CORPUS_PIECE_BYTES, nextCorpusPieceBytes } from './corpus-piece.js';

const MIB = 1 << 20;

it.each([
  { link: '1 Gbit/s, 10 ms each way', bytesPerMs: 125_000, ms: 20, then: [8 * MIB, 8 * MIB] },
  { link: '100 Mbit/s, 10 ms each way', bytesPerMs: 12_500, ms: 20, then: [5_046_758, 5_955_008] },
  { link: '8 Mbit/s', bytesPerMs: 1_000, ms: 0, then: [MIB, MIB] },
  { link: 'no time at all', bytesPerMs: Infinity, ms: 0, then: [8 * MIB, 8 * MIB] },
])('asks for what a link takes in half a second: $link', ({ bytesPerMs, ms, then }) => {
  let bytes = FIRST_CORPUS_PIECE_BYTES;
  const asked = then.map(() => (bytes = nextCorpusPieceBytes(bytes, ms + bytes / bytesPerMs)));
  expect(asked).toEqual(then);
});
