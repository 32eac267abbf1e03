// Original file: protos/rocinante/training/v1/runs.proto

import type { RunState as _rocinante_training_v1_RunState, RunState__Output as _rocinante_training_v1_RunState__Output } from '../../../rocinante/training/v1/RunState.js';
import type { Long } from '@grpc/proto-loader';

export interface RunSummary {
  'id'?: (string);
  'name'?: (string);
  'tags'?: (string)[];
  'note'?: (string);
  'priority'?: (number);
  'pool'?: (string);
  'state'?: (_rocinante_training_v1_RunState);
  'reason'?: (string);
  'queuePosition'?: (number);
  'createdAt'?: (string);
  'startedAt'?: (string);
  'endedAt'?: (string);
  'step'?: (number | string | Long);
  'stepsTotal'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'loss'?: (number | string);
  'validationLoss'?: (number | string);
  'windowsPerSecond'?: (number | string);
  'workerHours'?: (number | string);
  'activeHours'?: (number | string);
  'weightsSha256'?: (string);
  'workers'?: (number);
  'lastStepLoss'?: (number | string);
  'poolWorkers'?: (number);
  'secondsLeft'?: (number | string);
  '_loss'?: "loss";
  '_validationLoss'?: "validationLoss";
  '_windowsPerSecond'?: "windowsPerSecond";
  '_lastStepLoss'?: "lastStepLoss";
  '_poolWorkers'?: "poolWorkers";
  '_secondsLeft'?: "secondsLeft";
}

export interface RunSummary__Output {
  'id': (string);
  'name': (string);
  'tags': (string)[];
  'note': (string);
  'priority': (number);
  'pool': (string);
  'state': (_rocinante_training_v1_RunState__Output);
  'reason': (string);
  'queuePosition': (number);
  'createdAt': (string);
  'startedAt': (string);
  'endedAt': (string);
  'step': (number);
  'stepsTotal': (number);
  'epoch': (number);
  'loss'?: (number);
  'validationLoss'?: (number);
  'windowsPerSecond'?: (number);
  'workerHours': (number);
  'activeHours': (number);
  'weightsSha256': (string);
  'workers': (number);
  'lastStepLoss'?: (number);
  'poolWorkers'?: (number);
  'secondsLeft'?: (number);
  '_loss'?: "loss";
  '_validationLoss'?: "validationLoss";
  '_windowsPerSecond'?: "windowsPerSecond";
  '_lastStepLoss'?: "lastStepLoss";
  '_poolWorkers'?: "poolWorkers";
  '_secondsLeft'?: "secondsLeft";
}
