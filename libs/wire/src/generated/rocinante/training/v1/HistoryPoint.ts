// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface HistoryPoint {
  'step'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'loss'?: (number | string);
  'validationLoss'?: (number | string);
  'best'?: (boolean);
  '_validationLoss'?: "validationLoss";
}

export interface HistoryPoint__Output {
  'step': (number);
  'epoch': (number);
  'loss': (number);
  'validationLoss'?: (number);
  'best': (boolean);
  '_validationLoss'?: "validationLoss";
}
