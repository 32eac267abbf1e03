import { UsageError } from './errors.js';
import { isSettings, type Settings } from './settings.js';

/** The options that say what the network is and what it sees at once; absent where not given. */
export interface NetworkFlags {
  /** Units of each LSTM layer, or one number for all of them. */
  readonly units?: readonly number[] | undefined;
  readonly layers?: number | undefined;
  /** Share of each layer's outputs that training sets to zero. */
  readonly dropout?: number | undefined;
  /** Length of the learned vector that a symbol enters as. */
  readonly embedding?: number | undefined;
  /** Symbols of a window. */
  readonly window?: number | undefined;
}

/**
 * What these options come to, as it would stand in a file.
 * @param under the settings that they stand over.
 * @param strideGiven whether the file says what the stride is, and not its window; where not, it follows from another window, as it does in a file.
 * @throws {UsageError} several numbers of units, and not as many as layers.
 */
export function networkSettings(under: Settings, flags: NetworkFlags, strideGiven: boolean): Settings[] {
  const { embedding, window } = flags;
  const network = isSettings(under.network) ? under.network : {};
  const text = isSettings(under.text) ? under.text : {};
  const layers = layersOf(network.layers, flags);
  const strideFollows = !strideGiven && window !== text.window && network.loss === 'every';
  return [
    ...(layers === null ? [] : [{ network: { layers } }]),
    ...(embedding === undefined ? [] : [{ network: { input: 'embedding', embeddingSize: embedding } }]),
    ...(window === undefined ? [] : [{ text: { window, ...(strideFollows && { stride: window }) } }]),
  ];
}

/** The layers; null where no option says anything of them. Those beyond the ones that were there are like the last of these. */
function layersOf(before: unknown, { units, layers, dropout }: NetworkFlags): Settings[] | null {
  if (units === undefined && layers === undefined && dropout === undefined) return null;
  const known = Array.isArray(before) ? before.filter(isSettings) : [];
  const several = units !== undefined && units.length > 1;
  if (several && layers !== undefined && layers !== units.length) {
    throw new UsageError(
      `--units ${units.join()} --layers ${layers}: expected as many numbers of units as layers, or one for all`,
    );
  }
  const count = layers ?? (several ? units.length : known.length);
  return Array.from({ length: count }, (_, index) => ({
    ...known[Math.min(index, known.length - 1)],
    ...(units && { units: several ? units[index] : units[0] }),
    ...(dropout !== undefined && { dropout }),
  }));
}
