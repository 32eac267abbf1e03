import { quoted } from '@rocinante/base';
import type { GradientCodec, ParameterCodec } from '@rocinante/codec';
import type { Normalisation } from '@rocinante/corpus';
import { runConfigSchema, type Precision, type RunConfig } from '@rocinante/training';
import { scaleBatch } from './batch-scale.js';
import { readConfigFile } from './config-file.js';
import { describeIssue, type GivenOption } from './config-issue.js';
import { decaySettled, type Decayed } from './decay-settings.js';
import { UsageError } from './errors.js';
import { networkSettings, type NetworkFlags } from './network-flags.js';
import { presets, type PresetName } from './presets.js';
import { isSettings, layer, merge, type ScheduleKind, type Settings, settle } from './settings.js';

/** What a command line may change of a configuration. What is absent was not given. */
export interface ConfigFlags extends NetworkFlags {
  readonly config?: string | undefined;
  readonly preset?: PresetName | undefined;
  readonly steps?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batch?: number | undefined;
  readonly microBatch?: number | undefined;
  /** How many times as large the batch is to be, with the learning rate and the warm-up that go with it. */
  readonly scaleBatch?: number | undefined;
  readonly seed?: number | undefined;
  /** What is done to the text first. */
  readonly normalisation?: Normalisation | undefined;
  readonly heldOut?: boolean | undefined;
  readonly learningRate?: number | undefined;
  readonly schedule?: ScheduleKind | undefined;
  readonly warmupSteps?: number | undefined;
  /** Of schedule `step`: steps between two falls, and what each multiplies the rate by. */
  readonly decayEvery?: number | undefined;
  readonly decayFactor?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** Which parameters decay; absent: as it was. */
  readonly weightDecayOn?: Decayed | undefined;
  readonly clipNorm?: number | undefined;
  /** Steps between two evaluations. */
  readonly evaluateEvery?: number | undefined;
  /** Evaluations without a better loss after which the run ends. */
  readonly patience?: number | undefined;
  /** Nats by which a loss must be below the best before it to be a better one. */
  readonly minDelta?: number | undefined;
  readonly precision?: Precision | undefined;
  /** What gradients travel up as, and parameters down. */
  readonly codecUp?: GradientCodec | undefined;
  readonly codecDown?: ParameterCodec | undefined;
  readonly onDivergence?: RunConfig['divergence']['then'] | undefined;
  /** SHA-256 of the weights file that the run begins with. */
  readonly initFrom?: string | undefined;
}

const DEFAULT_PRESET: PresetName = 'quick';

/** What is wrong with a configuration, at most so many of it in one line. */
const ISSUES_TOLD_MAX = 5;

/**
 * The run's configuration, resolved: flags (and their environment variables) over the file over the preset, or over
 * `saved`, the configuration of the run that is resumed.
 * @throws {UsageError} an unknown key or preset, a value out of range, a file that is missing or not JSON.
 */
export function resolveConfig(flags: ConfigFlags, saved?: RunConfig): RunConfig {
  const file = flags.config === undefined ? {} : readConfigFile(flags.config).settings;
  const { preset: filePreset, ...fileSettings } = file;
  const base =
    saved !== undefined && flags.preset === undefined ? saved : presetOf(flags.preset ?? filePreset);
  // A preset named again on resume is compared, but a run's length is the saved one until a flag gives another.
  const length = saved === undefined ? {} : { epochs: saved.epochs, steps: saved.steps };
  const settled = settle(layer(layer(base, length), fileSettings), fileSettings);
  const scaled = flags.scaleBatch === undefined ? settled : scaledSettings(settled, flags, base === saved);
  const { text } = fileSettings;
  // A stride that is the file's window is that of a run's own configuration, which says everything: it follows too.
  const strideGiven = isSettings(text) && 'stride' in text && text.stride !== text.window;
  const given = [...networkSettings(scaled, flags, strideGiven), flagSettings(flags)].reduce(merge);
  return parseConfig(decaySettled(layer(scaled, given), flags), flags);
}

/** The settings with a batch that is so many times as large; flags of their own stand over what follows from it. */
function scaledSettings(settings: Settings, flags: ConfigFlags, ofSavedRun: boolean): Settings {
  const { scaleBatch: k = 1, batch } = flags;
  if (batch !== undefined) {
    throw new UsageError(`--scale-batch ${k} --batch ${batch}: expected one of them`);
  }
  const base = parseConfig(settings, { config: flags.config });
  if (ofSavedRun) {
    throw new UsageError(
      `--scale-batch ${k}: the run has its batch already, of ${base.batch.size} windows; leave it out`,
    );
  }
  return { ...settings, ...scaleBatch(base, k) };
}

/** Where the value of a flag that several settings follow from stands in a configuration: the keys, joined by dots, without indexes. */
const NETWORK_FLAG_SETTINGS = {
  layers: 'network.layers',
  units: 'network.layers.units',
  dropout: 'network.layers.dropout',
  embedding: 'network.embeddingSize',
  window: 'text.window',
} as const satisfies Record<keyof NetworkFlags, string>;

/** Where the value of each other flag stands. */
const FLAG_SETTINGS = {
  steps: 'steps',
  epochs: 'epochs',
  seed: 'seed',
  initFrom: 'initFrom',
  batch: 'batch.size',
  microBatch: 'batch.microBatch',
  normalisation: 'text.normalisation',
  heldOut: 'text.heldOut',
  learningRate: 'optimizer.learningRate',
  weightDecay: 'optimizer.weightDecay',
  weightDecayOn: 'optimizer.weightDecayOn',
  clipNorm: 'optimizer.clipNorm',
  schedule: 'schedule.kind',
  warmupSteps: 'schedule.warmupSteps',
  decayEvery: 'schedule.everySteps',
  decayFactor: 'schedule.factor',
  evaluateEvery: 'evaluation.everySteps',
  patience: 'earlyStopping.patience',
  minDelta: 'earlyStopping.minDelta',
  onDivergence: 'divergence.then',
  precision: 'precision',
  codecUp: 'codec.up',
  codecDown: 'codec.down',
} as const satisfies Partial<Record<keyof ConfigFlags, string>>;

const ALL_FLAG_SETTINGS = { ...FLAG_SETTINGS, ...NETWORK_FLAG_SETTINGS };

/** Groups whose settings follow from `--scale-batch`. */
const SCALED_GROUPS = ['batch', 'optimizer', 'schedule'];

/** Those of some flags that were given, by name, with their values and where they stand. */
function givenFlags<Name extends keyof ConfigFlags>(
  settings: Readonly<Record<Name, string>>,
  flags: ConfigFlags,
): { name: Name; setting: string; value: unknown }[] {
  const all = Object.entries<string>(settings) as [Name, string][];
  return all
    .map(([name, setting]) => ({ name, setting, value: flags[name] }))
    .filter(({ value }) => value !== undefined);
}

/** What flags say whose value stands in one place, as it would stand in a file. Epochs replace the steps that were set before. */
function flagSettings(flags: ConfigFlags): Settings {
  const given = givenFlags(FLAG_SETTINGS, flags).map(({ setting, value }) =>
    setting.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
  );
  const length = flags.epochs === undefined ? {} : { steps: null };
  return given.reduce<Settings>((settings, one) => merge(settings, one as Settings), length);
}

/** How a flag is called on a command line: `--micro-batch`. */
function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The options by their settings' keys. */
const SETTING_OPTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(ALL_FLAG_SETTINGS).map(([name, setting]) => [setting, optionOf(name)]),
);

/** The flags that were given, as they stand on a command line; `--scale-batch` stands for groups. */
export function givenOptions(flags: ConfigFlags): GivenOption[] {
  const given = givenFlags(ALL_FLAG_SETTINGS, flags).map(({ name, setting, value }) => {
    const option = optionOf(name);
    const text =
      typeof value === 'boolean'
        ? option.replace('--', value ? '--' : '--no-')
        : `${option} ${String(value)}`;
    return { setting, text };
  });
  if (flags.scaleBatch === undefined) return given;
  const scaled = SCALED_GROUPS.map((group) => ({
    setting: `${group}.*`,
    text: `--scale-batch ${flags.scaleBatch}`,
  }));
  return [...given, ...scaled];
}

/** What a refusal of a configuration calls it, and says is to be done. */
interface ConfigOrigin {
  readonly subject: string;
  readonly advice: string;
}

/**
 * Checks a configuration that was read back, or put together of a command line's.
 * @param origin of one that stands in something else; default: it is a command line's, or in its `--config`.
 * @throws {UsageError} one line, under the options that gave what is wrong, or under its keys.
 */
export function parseConfig(
  value: unknown,
  flags: ConfigFlags = {},
  origin: ConfigOrigin = commandLine(flags),
): RunConfig {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const given = givenOptions(flags);
  const issues = parsed.error.issues.map((issue) => describeIssue(issue, value, given, SETTING_OPTIONS));
  const more = issues.length - ISSUES_TOLD_MAX;
  const told = issues.slice(0, ISSUES_TOLD_MAX).map(({ line }) => line);
  const lines = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  if (issues.every(({ namesOption }) => namesOption)) throw new UsageError(lines);
  throw new UsageError(`${origin.subject}: ${lines}; ${origin.advice}`);
}

function commandLine({ config }: ConfigFlags): ConfigOrigin {
  const subject = config === undefined ? 'configuration' : `configuration (with ${config})`;
  return { subject, advice: "see 'rocinante config print'" };
}

function presetOf(name: unknown = DEFAULT_PRESET): RunConfig {
  const found = Object.entries(presets).find(([known]) => known === name);
  if (found) return found[1];
  const known = Object.keys(presets).join(' or ');
  throw new UsageError(`preset: expected ${known}, received ${quoted(name)}`);
}
