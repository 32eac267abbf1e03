// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface LossChunk {
  'firstStep'?: (number | string | Long);
  'losses'?: (number | string)[];
}

export interface LossChunk__Output {
  'firstStep': (number);
  'losses': (number)[];
}
