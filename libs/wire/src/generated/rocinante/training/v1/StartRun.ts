// Original file: protos/rocinante/training/v1/training.proto

import type { CorpusDescription as _rocinante_training_v1_CorpusDescription, CorpusDescription__Output as _rocinante_training_v1_CorpusDescription__Output } from '../../../rocinante/training/v1/CorpusDescription.js';
import type { Long } from '@grpc/proto-loader';

export interface StartRun {
  'run'?: (string);
  'configJson'?: (string);
  'corpus'?: (_rocinante_training_v1_CorpusDescription | null);
  'layoutSha256'?: (string);
  'firstVersion'?: (number | string | Long);
  'firstAssignment'?: (number | string | Long);
  'activation'?: (number | string | Long);
}

export interface StartRun__Output {
  'run': (string);
  'configJson': (string);
  'corpus': (_rocinante_training_v1_CorpusDescription__Output | null);
  'layoutSha256': (string);
  'firstVersion': (number);
  'firstAssignment': (number);
  'activation': (number);
}
