// Original file: protos/rocinante/training/v1/training.proto

import type { Welcome as _rocinante_training_v1_Welcome, Welcome__Output as _rocinante_training_v1_Welcome__Output } from '../../../rocinante/training/v1/Welcome.js';
import type { StartRun as _rocinante_training_v1_StartRun, StartRun__Output as _rocinante_training_v1_StartRun__Output } from '../../../rocinante/training/v1/StartRun.js';
import type { EndRun as _rocinante_training_v1_EndRun, EndRun__Output as _rocinante_training_v1_EndRun__Output } from '../../../rocinante/training/v1/EndRun.js';
import type { Assign as _rocinante_training_v1_Assign, Assign__Output as _rocinante_training_v1_Assign__Output } from '../../../rocinante/training/v1/Assign.js';
import type { Withdraw as _rocinante_training_v1_Withdraw, Withdraw__Output as _rocinante_training_v1_Withdraw__Output } from '../../../rocinante/training/v1/Withdraw.js';
import type { Grant as _rocinante_training_v1_Grant, Grant__Output as _rocinante_training_v1_Grant__Output } from '../../../rocinante/training/v1/Grant.js';
import type { SampleRequest as _rocinante_training_v1_SampleRequest, SampleRequest__Output as _rocinante_training_v1_SampleRequest__Output } from '../../../rocinante/training/v1/SampleRequest.js';

export interface CoordinatorMessage {
  'welcome'?: (_rocinante_training_v1_Welcome | null);
  'startRun'?: (_rocinante_training_v1_StartRun | null);
  'endRun'?: (_rocinante_training_v1_EndRun | null);
  'assign'?: (_rocinante_training_v1_Assign | null);
  'withdraw'?: (_rocinante_training_v1_Withdraw | null);
  'grant'?: (_rocinante_training_v1_Grant | null);
  'sampleRequest'?: (_rocinante_training_v1_SampleRequest | null);
  'message'?: "welcome"|"startRun"|"endRun"|"assign"|"withdraw"|"grant"|"sampleRequest";
}

export interface CoordinatorMessage__Output {
  'welcome'?: (_rocinante_training_v1_Welcome__Output | null);
  'startRun'?: (_rocinante_training_v1_StartRun__Output | null);
  'endRun'?: (_rocinante_training_v1_EndRun__Output | null);
  'assign'?: (_rocinante_training_v1_Assign__Output | null);
  'withdraw'?: (_rocinante_training_v1_Withdraw__Output | null);
  'grant'?: (_rocinante_training_v1_Grant__Output | null);
  'sampleRequest'?: (_rocinante_training_v1_SampleRequest__Output | null);
  'message'?: "welcome"|"startRun"|"endRun"|"assign"|"withdraw"|"grant"|"sampleRequest";
}
