// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Trouble {
  'code'?: (string);
  'message'?: (string);
  'activation'?: (number | string | Long);
}

export interface Trouble__Output {
  'code': (string);
  'message': (string);
  'activation': (number);
}
