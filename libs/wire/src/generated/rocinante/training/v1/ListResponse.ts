// Original file: protos/rocinante/training/v1/runs.proto

import type { RunSummary as _rocinante_training_v1_RunSummary, RunSummary__Output as _rocinante_training_v1_RunSummary__Output } from '../../../rocinante/training/v1/RunSummary.js';

export interface ListResponse {
  'runs'?: (_rocinante_training_v1_RunSummary)[];
  'leftOut'?: (number);
}

export interface ListResponse__Output {
  'runs': (_rocinante_training_v1_RunSummary__Output)[];
  'leftOut': (number);
}
