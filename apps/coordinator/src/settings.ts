/** How settings are put over each other: a preset's, a file's, those of a command line. */

/** A JSON object's worth of settings, some of them objects again. */
export interface Settings {
  readonly [key: string]: unknown;
}

/** What a schedule's further settings are where only its kind is given; what is missing here must be given. */
const SCHEDULE_DEFAULTS = { constant: {}, cosine: { finalShare: 0 }, step: { factor: 0.5 } } as const;

export type ScheduleKind = keyof typeof SCHEDULE_DEFAULTS;
export const SCHEDULE_KINDS = Object.keys(SCHEDULE_DEFAULTS) as ScheduleKind[];

const EARLY_STOPPING_DEFAULTS = { minDelta: 0 } as const;

/** The settings that are there; undefined where none is. */
function present(settings: Settings): Settings | undefined {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * Later settings over earlier ones. A schedule of another kind keeps nothing of the earlier one but its warm-up, and early
 * stopping that is only now turned on has its defaults.
 */
export function layer(under: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = merge(under, over);
  const { schedule, earlyStopping } = over;
  if (isSettings(schedule) && isSettings(under.schedule)) {
    const { kind, warmupSteps } = under.schedule;
    const newKind = SCHEDULE_KINDS.find((known) => known === schedule.kind);
    if (newKind !== undefined && newKind !== kind) {
      merged.schedule = { ...present({ warmupSteps }), ...SCHEDULE_DEFAULTS[newKind], ...schedule };
    }
  }
  if (isSettings(earlyStopping) && !isSettings(under.earlyStopping)) {
    merged.earlyStopping = { ...EARLY_STOPPING_DEFAULTS, ...earlyStopping };
  }
  return merged;
}

/**
 * Settings that follow from others, where the file gives the others and not them: without input `embedding` there is no
 * embedding's size; the stride is 1 for a loss on the last position, and the window for one on every position; a layer that does not say
 * has no dropout.
 */
export function settle(merged: Settings, given: Settings): Settings {
  const network = isSettings(merged.network) ? merged.network : {};
  const text = isSettings(merged.text) ? merged.text : {};
  const givenNetwork = isSettings(given.network) ? given.network : {};
  const givenText = isSettings(given.text) ? given.text : {};
  const { embeddingSize, ...others } = network;
  const keepsSize = network.input === 'embedding' || 'embeddingSize' in givenNetwork;
  const strideFollows = !('stride' in givenText) && ('loss' in givenNetwork || 'window' in givenText);
  return {
    ...merged,
    network: withLayers(keepsSize ? { ...others, embeddingSize } : others),
    text: strideFollows ? { ...text, stride: network.loss === 'every' ? text.window : 1 } : text,
  };
}

function withLayers(network: Settings): Settings {
  const { layers } = network;
  if (!Array.isArray(layers)) return network;
  return {
    ...network,
    layers: layers.map((one: unknown) => (isSettings(one) ? { dropout: 0, ...one } : one)),
  };
}

/** Later settings over earlier ones, object by object; anything else, arrays too, is taken whole. */
export function merge(under: Settings, over: Settings): Settings {
  // Without a prototype: a key `__proto__` is one that nobody knows, and no prototype.
  const merged = Object.assign(Object.create(null) as Record<string, unknown>, under);
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isSettings(value) && isSettings(below) ? merge(below, value) : value;
  }
  return merged;
}

/** Whether it is a JSON object. */
export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
