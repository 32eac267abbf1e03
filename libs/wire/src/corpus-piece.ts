import { CORPUS_CALL_BYTES_MAX, CORPUS_CHUNK_BYTES_MAX, UNDER_WAY_MS_MAX } from './limits.js';

/** The first piece of a corpus that is asked for, before anything is known of the link: a chunk. */
export const FIRST_CORPUS_PIECE_BYTES = CORPUS_CHUNK_BYTES_MAX;

/**
 * How many bytes of a corpus to ask for next, where the last piece took so long: as many as come in UNDER_WAY_MS_MAX, since a piece
 * lies before the keep-alives of its connection; a chunk at least, and what a call may ask for at most.
 */
export function nextCorpusPieceBytes(lastBytes: number, lastMs: number): number {
  const bytes = Math.floor(lastBytes * (UNDER_WAY_MS_MAX / Math.max(1, lastMs)));
  return Math.min(CORPUS_CALL_BYTES_MAX, Math.max(CORPUS_CHUNK_BYTES_MAX, bytes));
}
