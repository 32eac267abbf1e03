// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface SampleResult {
  'request'?: (number | string | Long);
  'symbols'?: (number)[];
  'error'?: (string);
}

export interface SampleResult__Output {
  'request': (number);
  'symbols': (number)[];
  'error': (string);
}
