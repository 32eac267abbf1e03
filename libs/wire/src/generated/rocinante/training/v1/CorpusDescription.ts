// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface CorpusDescription {
  'sha256'?: (string);
  'length'?: (number | string | Long);
  'idBytes'?: (number);
  'vocabularySize'?: (number);
}

export interface CorpusDescription__Output {
  'sha256': (string);
  'length': (number);
  'idBytes': (number);
  'vocabularySize': (number);
}
