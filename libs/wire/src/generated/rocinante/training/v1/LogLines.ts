// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface LogLines {
  'json'?: (string)[];
  'activation'?: (number | string | Long);
  'last'?: (boolean);
}

export interface LogLines__Output {
  'json': (string)[];
  'activation': (number);
  'last': (boolean);
}
