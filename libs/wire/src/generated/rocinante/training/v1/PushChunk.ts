// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface PushChunk {
  'sha256'?: (string);
  'bytes'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
}

export interface PushChunk__Output {
  'sha256': (string);
  'bytes': (number);
  'data': (Buffer);
}
