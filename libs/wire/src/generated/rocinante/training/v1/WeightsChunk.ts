// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface WeightsChunk {
  'bytes'?: (number | string | Long);
  'sha256'?: (string);
  'data'?: (Buffer | Uint8Array | string);
  'step'?: (number | string | Long);
}

export interface WeightsChunk__Output {
  'bytes': (number);
  'sha256': (string);
  'data': (Buffer);
  'step': (number);
}
