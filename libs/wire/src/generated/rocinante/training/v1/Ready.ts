// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Ready {
  'run'?: (string);
  'activation'?: (number | string | Long);
  'proof'?: (string);
}

export interface Ready__Output {
  'run': (string);
  'activation': (number);
  'proof': (string);
}
