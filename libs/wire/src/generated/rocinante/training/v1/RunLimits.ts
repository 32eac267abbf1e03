// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface RunLimits {
  'minWorkers'?: (number);
  'maxHours'?: (number | string);
  'checkpointSeconds'?: (number | string);
  'keepLast'?: (number);
  'keepEverySteps'?: (number | string | Long);
  'exact'?: (string);
  'auditShare'?: (number | string);
  'checkpointAuto'?: (boolean);
  'normChecks'?: (string);
}

export interface RunLimits__Output {
  'minWorkers': (number);
  'maxHours': (number);
  'checkpointSeconds': (number);
  'keepLast': (number);
  'keepEverySteps': (number);
  'exact': (string);
  'auditShare': (number);
  'checkpointAuto': (boolean);
  'normChecks': (string);
}
