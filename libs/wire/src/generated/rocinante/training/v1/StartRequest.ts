// Original file: protos/rocinante/training/v1/runs.proto

import type { RunLimits as _rocinante_training_v1_RunLimits, RunLimits__Output as _rocinante_training_v1_RunLimits__Output } from '../../../rocinante/training/v1/RunLimits.js';

export interface StartRequest {
  'name'?: (string);
  'tags'?: (string)[];
  'note'?: (string);
  'priority'?: (number);
  'pool'?: (string);
  'configJson'?: (string);
  'corpusSha256'?: (string);
  'corpusName'?: (string);
  'initFromSha256'?: (string);
  'limits'?: (_rocinante_training_v1_RunLimits | null);
}

export interface StartRequest__Output {
  'name': (string);
  'tags': (string)[];
  'note': (string);
  'priority': (number);
  'pool': (string);
  'configJson': (string);
  'corpusSha256': (string);
  'corpusName': (string);
  'initFromSha256': (string);
  'limits': (_rocinante_training_v1_RunLimits__Output | null);
}
