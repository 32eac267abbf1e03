import { countWindows, encodeCorpus, type Normalisation } from '@rocinante/corpus';

/** The reference network's window and batch. */
const WINDOW = 100;
const BATCH = 64;

/** A symbol and how often it occurs. */
export interface SymbolCount {
  readonly symbol: string;
  readonly count: number;
}

/** What one epoch over the whole text takes, for windows of `window` characters and batches of `batch` windows. */
export interface EpochSize {
  readonly window: number;
  readonly stride: number;
  readonly windows: number;
  readonly batch: number;
  readonly steps: number;
}

/** What `corpus info` shows. */
export interface CorpusInfo {
  readonly normalisation: Normalisation;
  /** Of the file. */
  readonly bytes: number;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** Code points after normalisation. */
  readonly characters: number;
  /** How many different characters there are. */
  readonly symbols: number;
  /** The most frequent first; among equals, by code point. */
  readonly symbolCounts: readonly SymbolCount[];
  /** The bytes of the ids in memory. */
  readonly encodedBytes: number;
  /** Stride 1 (loss on the last position) and stride 100 (loss on every position). No window fits a very short text: 0. */
  readonly epochs: readonly EpochSize[];
}

/**
 * The figures of a text.
 * @param subject what messages call the text.
 * @throws what `encodeCorpus` throws: not UTF-8, empty, too large.
 */
export function corpusInfo(bytes: Uint8Array, normalisation: Normalisation, subject?: string): CorpusInfo {
  const corpus = encodeCorpus(bytes, subject === undefined ? { normalisation } : { normalisation, subject });
  const { ids, vocabulary } = corpus;
  const counts = new Float64Array(vocabulary.size);
  for (const id of ids) counts[id] += 1;
  const symbolCounts = vocabulary.symbols.map((symbol, id) => ({ symbol, count: counts[id] }));
  return {
    normalisation,
    bytes: bytes.length,
    sha256: corpus.textSha256,
    characters: ids.length,
    symbols: vocabulary.size,
    symbolCounts: symbolCounts.sort((a, b) => b.count - a.count), // Stable: equals stay in order of code point.
    encodedBytes: ids.byteLength,
    epochs: [1, WINDOW].map((stride) => {
      const windows = countWindows(ids.length, WINDOW, stride);
      return { window: WINDOW, stride, windows, batch: BATCH, steps: Math.ceil(windows / BATCH) };
    }),
  };
}
