// Original file: protos/rocinante/training/v1/runs.proto

import type { RunState as _rocinante_training_v1_RunState, RunState__Output as _rocinante_training_v1_RunState__Output } from '../../../rocinante/training/v1/RunState.js';

export interface ListRequest {
  'tag'?: (string);
  'states'?: (_rocinante_training_v1_RunState)[];
  'pool'?: (string);
}

export interface ListRequest__Output {
  'tag': (string);
  'states': (_rocinante_training_v1_RunState__Output)[];
  'pool': (string);
}
