// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface CorpusChunk {
  'offset'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
  'checksum'?: (number);
}

export interface CorpusChunk__Output {
  'offset': (number);
  'data': (Buffer);
  'checksum': (number);
}
