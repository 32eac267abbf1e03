// Original file: protos/rocinante/training/v1/training.proto

import type { CorpusDescription as _rocinante_training_v1_CorpusDescription, CorpusDescription__Output as _rocinante_training_v1_CorpusDescription__Output } from '../../../rocinante/training/v1/CorpusDescription.js';

export interface StartRun {
  'run'?: (string);
  'configJson'?: (string);
  'corpus'?: (_rocinante_training_v1_CorpusDescription | null);
  'layoutSha256'?: (string);
}

export interface StartRun__Output {
  'run': (string);
  'configJson': (string);
  'corpus': (_rocinante_training_v1_CorpusDescription__Output | null);
  'layoutSha256': (string);
}
