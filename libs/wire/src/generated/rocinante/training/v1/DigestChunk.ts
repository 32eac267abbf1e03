// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface DigestChunk {
  'firstStep'?: (number | string | Long);
  'digests'?: (Buffer | Uint8Array | string);
}

export interface DigestChunk__Output {
  'firstStep': (number);
  'digests': (Buffer);
}
