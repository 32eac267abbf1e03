// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Withdraw {
  'assignment'?: (number | string | Long);
}

export interface Withdraw__Output {
  'assignment': (number);
}
