// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface EndRun {
  'run'?: (string);
  'reason'?: (string);
  'activation'?: (number | string | Long);
}

export interface EndRun__Output {
  'run': (string);
  'reason': (string);
  'activation': (number);
}
