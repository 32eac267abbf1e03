// Original file: protos/rocinante/training/v1/runs.proto

import type { RunLimits as _rocinante_training_v1_RunLimits, RunLimits__Output as _rocinante_training_v1_RunLimits__Output } from '../../../rocinante/training/v1/RunLimits.js';
import type { Long } from '@grpc/proto-loader';

export interface ResumeRequest {
  'run'?: (string);
  'steps'?: (number | string | Long);
  'epochs'?: (number | string | Long);
  'limits'?: (_rocinante_training_v1_RunLimits | null);
  'patience'?: (number);
  'minDelta'?: (number | string);
  '_minDelta'?: "minDelta";
}

export interface ResumeRequest__Output {
  'run': (string);
  'steps': (number);
  'epochs': (number);
  'limits': (_rocinante_training_v1_RunLimits__Output | null);
  'patience': (number);
  'minDelta'?: (number);
  '_minDelta'?: "minDelta";
}
