// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface RemoveResponse {
  'bytes'?: (number | string | Long);
  'run'?: (string);
}

export interface RemoveResponse__Output {
  'bytes': (number);
  'run': (string);
}
