// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface CorpusRequest {
  'session'?: (string);
  'sha256'?: (string);
  'offset'?: (number | string | Long);
  'bytes'?: (number);
}

export interface CorpusRequest__Output {
  'session': (string);
  'sha256': (string);
  'offset': (number);
  'bytes': (number);
}
