import { Option, type Command } from 'commander';
import { GRADIENT_CODECS, PARAMETER_CODECS } from '@rocinante/codec';
import { NORMALISATIONS } from '@rocinante/corpus';
import { LAYERS_MAX, PRECISIONS, UNITS_MAX } from '@rocinante/training';
import { BATCH_SCALE_MAX } from '../batch-scale.js';
import type { ConfigFlags } from '../config.js';
import { DECAYED } from '../decay-settings.js';
import { presets } from '../presets.js';
import { SCHEDULE_KINDS } from '../settings.js';
import { nonNegative, option, positive, share, wholeNumber, wholeNumbers } from './option-values.js';

/** What the options of a run's configuration parse to. */
export interface ConfigOptionValues extends Omit<ConfigFlags, 'initFrom'> {
  /** A text file, bundled or quijote. */
  readonly corpus?: string;
  /** Path of a weights file. */
  readonly initFrom?: string;
}

export const scaleBatchOption = (): Option =>
  option(
    '--scale-batch <k>',
    'a batch k times as large, as cards want it, with the learning rate and warm-up that go with it',
    'SCALE_BATCH',
  ).argParser(wholeNumber(2, BATCH_SCALE_MAX));

/** The options that say what a run is, the same for `train` and `run start`. */
export function addConfigOptions(command: Command): Command {
  const options: Option[] = [
    option('--config <file>', 'JSON with settings that replace the preset’s', 'CONFIG'),
    option('--preset <name>', 'what to start from (default: quick)', 'PRESET').choices(Object.keys(presets)),
    option('--corpus <file>', 'a text file, bundled or quijote (default: bundled)', 'CORPUS'),
    option(
      '--normalisation <name>',
      'what is done to the text first: reference folds it to lower case without accents, nfc composes letters and their marks',
      'NORMALISATION',
    ).choices(NORMALISATIONS),
    option(
      '--steps <n>',
      'steps of the whole run, in place of epochs, also where both are given',
      'STEPS',
    ).argParser(wholeNumber(1)),
    option('--epochs <n>', 'epochs of the whole run', 'EPOCHS').argParser(wholeNumber(1)),
    option('--batch <n>', 'windows of a step', 'BATCH').argParser(wholeNumber(1)),
    option('--micro-batch <n>', 'windows of one gradient computation', 'MICRO_BATCH').argParser(
      wholeNumber(1),
    ),
    scaleBatchOption(),
    option(
      '--units <list>',
      'units of each LSTM layer: 512, or 512,256 for layers that differ',
      'UNITS',
    ).argParser(wholeNumbers(1, UNITS_MAX, LAYERS_MAX)),
    option('--layers <n>', 'LSTM layers', 'LAYERS').argParser(wholeNumber(1, LAYERS_MAX)),
    option(
      '--dropout <x>',
      'share of each layer’s outputs that training sets to zero; 0 for none',
      'DROPOUT',
    ).argParser(share),
    option(
      '--embedding <n>',
      'symbols enter as learned vectors of this length, whatever the preset has them enter as',
      'EMBEDDING',
    ).argParser(wholeNumber(1)),
    option('--window <n>', 'symbols of a window, which is as far as training looks back', 'WINDOW').argParser(
      wholeNumber(1),
    ),
    option('--seed <n>', 'decides first values, order of windows and dropout', 'SEED').argParser(
      wholeNumber(0),
    ),
    option('--learning-rate <x>', 'Adam’s, after the warm-up', 'LEARNING_RATE').argParser(positive),
    option('--schedule <kind>', 'how the learning rate goes', 'SCHEDULE').choices(SCHEDULE_KINDS),
    option('--warmup-steps <n>', 'steps over which the learning rate rises', 'WARMUP_STEPS').argParser(
      wholeNumber(0),
    ),
    option('--decay-every <n>', 'schedule step: steps between two falls', 'DECAY_EVERY').argParser(
      wholeNumber(1),
    ),
    option(
      '--decay-factor <x>',
      'schedule step: what a fall multiplies the rate by (default: 0.5)',
      'DECAY_FACTOR',
    ).argParser(positive),
    option(
      '--weight-decay <x>',
      'share that a parameter loses in a step, times the learning rate; 0 for none',
      'WEIGHT_DECAY',
    ).argParser(nonNegative),
    option(
      '--weight-decay-on <what>',
      'which parameters --weight-decay is for: kernels leaves out biases and embeddings (default: all)',
      'WEIGHT_DECAY_ON',
    ).choices(DECAYED),
    option('--clip-norm <x>', 'largest norm of a step’s gradient; 0 for any', 'CLIP_NORM').argParser(
      nonNegative,
    ),
    new Option('--held-out', 'hold out the text’s last tenth, half of it for validation'),
    new Option('--no-held-out', 'train on the whole text'),
    option(
      '--evaluate-every <n>',
      'steps between two evaluations, beside those at epochs’ ends',
      'EVALUATE_EVERY',
    ).argParser(wholeNumber(1)),
    option(
      '--patience <n>',
      'evaluations without a better loss after which the run ends (default: it does not)',
      'PATIENCE',
    ).argParser(wholeNumber(1)),
    option(
      '--min-delta <x>',
      'nats a character by which a loss must be below the best to be better, for --patience (default: 0)',
      'MIN_DELTA',
    ).argParser(nonNegative),
    option(
      '--on-divergence <what>',
      'what follows where the loss spikes or is no number: stop, or rollback with a lower rate (default: stop)',
      'ON_DIVERGENCE',
    ).choices(['stop', 'rollback']),
    option(
      '--precision <name>',
      'what products are computed in; tf32 rounds their factors on cards that can, mixed to bfloat16 everywhere (default: float32)',
      'PRECISION',
    ).choices(PRECISIONS),
    option(
      '--codec-up <name>',
      'what gradients travel as: int16-grid takes half the bytes, and keeps fewer bits (default: int32-grid)',
      'CODEC_UP',
    ).choices(GRADIENT_CODECS),
    option(
      '--codec-down <name>',
      'what parameters travel to workers as: bfloat16 takes half the bytes, and keeps 8 bits (default: float32)',
      'CODEC_DOWN',
    ).choices(PARAMETER_CODECS),
    option(
      '--init-from <path>',
      'weights to begin with, of the same network and symbols: a weights file, a checkpoint or a done run’s directory',
      'INIT_FROM',
    ),
  ];
  for (const each of options) command.addOption(each);
  return command.hook('preAction', () => leaveOutOtherLength(command));
}

/** A length of the command line stands over the other one of the environment, as it does over its own there. */
function leaveOutOtherLength(command: Command): void {
  const from = (name: string): string | undefined => command.getOptionValueSource(name);
  for (const [name, other] of [
    ['steps', 'epochs'],
    ['epochs', 'steps'],
  ]) {
    if (from(name) === 'cli' && from(other) === 'env') command.setOptionValue(other, undefined);
  }
}
