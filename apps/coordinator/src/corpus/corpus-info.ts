import { CorpusTooShortError, encodeCorpus, type Normalisation } from '@rocinante/corpus';
import { runWindows, type RunConfig } from '@rocinante/training';
import { charactersForBatch, largestBatch } from '../batch-fit.js';
import { presets, type PresetName } from '../presets.js';

/** A symbol and how often it occurs. */
export interface SymbolCount {
  readonly symbol: string;
  readonly count: number;
}

/** What one epoch over the text takes in a configuration, with the text treated and split as that has it. */
export interface EpochSize {
  /** null for a configuration of one's own. */
  readonly preset: PresetName | null;
  /** Characters of a window. */
  readonly window: number;
  readonly stride: number;
  /** Whether a tenth of the text is held out. */
  readonly heldOut: boolean;
  /** Windows to train on; 0 where a part of the text has none. */
  readonly windows: number;
  /** Windows of a step. */
  readonly batch: number;
  /** 0 where a run of the preset does not begin: the text has fewer windows than a step takes. */
  readonly steps: number;
  /** Characters with which such a run begins, where this text has fewer; else null. */
  readonly charactersNeeded: number | null;
  /** Options with which it begins all the same; null where none would do, or none is needed. */
  readonly smallerBatch: string | null;
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
  /** One for each preset, and for a configuration of one's own. */
  readonly epochs: readonly EpochSize[];
}

/**
 * The figures of a text.
 * @param subject what messages call the text.
 * @param own a configuration of one's own; null for none.
 * @throws what `encodeCorpus` throws: not UTF-8, empty, too large.
 */
export function corpusInfo(
  bytes: Uint8Array,
  normalisation: Normalisation,
  subject?: string,
  own: RunConfig | null = null,
): CorpusInfo {
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
    epochs: configurations(own).map(([preset, config]) => {
      const { normalisation: wanted } = config.text;
      const characters =
        wanted === normalisation ? ids.length : encodeCorpus(bytes, { normalisation: wanted }).ids.length;
      return epochOf(preset, config, characters);
    }),
  };
}

function configurations(own: RunConfig | null): [EpochSize['preset'], RunConfig][] {
  const named = Object.entries(presets) as [PresetName, RunConfig][];
  return own === null ? named : [...named, [null, own]];
}

function epochOf(preset: EpochSize['preset'], config: RunConfig, characters: number): EpochSize {
  const { window, stride, heldOut } = config.text;
  const batch = config.batch.size;
  const size = { preset, window, stride, heldOut, batch };
  const short = { charactersNeeded: charactersForBatch(config) };
  try {
    const windows = runWindows(config, characters).windows.train.count;
    if (windows >= batch) {
      return {
        ...size,
        windows,
        steps: Math.ceil(windows / batch),
        charactersNeeded: null,
        smallerBatch: null,
      };
    }
    return { ...size, windows, steps: 0, ...short, smallerBatch: largestBatch(config, windows) };
  } catch (error) {
    if (!(error instanceof CorpusTooShortError)) throw error;
    return { ...size, windows: 0, steps: 0, ...short, smallerBatch: null };
  }
}
