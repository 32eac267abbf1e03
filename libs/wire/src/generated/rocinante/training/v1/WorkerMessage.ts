// Original file: protos/rocinante/training/v1/training.proto

import type { Hello as _rocinante_training_v1_Hello, Hello__Output as _rocinante_training_v1_Hello__Output } from '../../../rocinante/training/v1/Hello.js';
import type { Credit as _rocinante_training_v1_Credit, Credit__Output as _rocinante_training_v1_Credit__Output } from '../../../rocinante/training/v1/Credit.js';
import type { Report as _rocinante_training_v1_Report, Report__Output as _rocinante_training_v1_Report__Output } from '../../../rocinante/training/v1/Report.js';
import type { Evaluation as _rocinante_training_v1_Evaluation, Evaluation__Output as _rocinante_training_v1_Evaluation__Output } from '../../../rocinante/training/v1/Evaluation.js';
import type { SampleResult as _rocinante_training_v1_SampleResult, SampleResult__Output as _rocinante_training_v1_SampleResult__Output } from '../../../rocinante/training/v1/SampleResult.js';
import type { Trouble as _rocinante_training_v1_Trouble, Trouble__Output as _rocinante_training_v1_Trouble__Output } from '../../../rocinante/training/v1/Trouble.js';
import type { Ready as _rocinante_training_v1_Ready, Ready__Output as _rocinante_training_v1_Ready__Output } from '../../../rocinante/training/v1/Ready.js';
import type { Metrics as _rocinante_training_v1_Metrics, Metrics__Output as _rocinante_training_v1_Metrics__Output } from '../../../rocinante/training/v1/Metrics.js';
import type { LogLines as _rocinante_training_v1_LogLines, LogLines__Output as _rocinante_training_v1_LogLines__Output } from '../../../rocinante/training/v1/LogLines.js';

export interface WorkerMessage {
  'hello'?: (_rocinante_training_v1_Hello | null);
  'credit'?: (_rocinante_training_v1_Credit | null);
  'report'?: (_rocinante_training_v1_Report | null);
  'evaluation'?: (_rocinante_training_v1_Evaluation | null);
  'sampleResult'?: (_rocinante_training_v1_SampleResult | null);
  'trouble'?: (_rocinante_training_v1_Trouble | null);
  'ready'?: (_rocinante_training_v1_Ready | null);
  'metrics'?: (_rocinante_training_v1_Metrics | null);
  'logLines'?: (_rocinante_training_v1_LogLines | null);
  'message'?: "hello"|"credit"|"report"|"evaluation"|"sampleResult"|"trouble"|"ready"|"metrics"|"logLines";
}

export interface WorkerMessage__Output {
  'hello'?: (_rocinante_training_v1_Hello__Output | null);
  'credit'?: (_rocinante_training_v1_Credit__Output | null);
  'report'?: (_rocinante_training_v1_Report__Output | null);
  'evaluation'?: (_rocinante_training_v1_Evaluation__Output | null);
  'sampleResult'?: (_rocinante_training_v1_SampleResult__Output | null);
  'trouble'?: (_rocinante_training_v1_Trouble__Output | null);
  'ready'?: (_rocinante_training_v1_Ready__Output | null);
  'metrics'?: (_rocinante_training_v1_Metrics__Output | null);
  'logLines'?: (_rocinante_training_v1_LogLines__Output | null);
  'message'?: "hello"|"credit"|"report"|"evaluation"|"sampleResult"|"trouble"|"ready"|"metrics"|"logLines";
}
