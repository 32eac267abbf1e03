// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Grant {
  'assignment'?: (number | string | Long);
  'range'?: (number);
}

export interface Grant__Output {
  'assignment': (number);
  'range': (number);
}
