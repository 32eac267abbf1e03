// Original file: protos/rocinante/training/v1/runs.proto

import type { Long } from '@grpc/proto-loader';

export interface Incident {
  'time'?: (string);
  'step'?: (number | string | Long);
  'kind'?: (string);
  'worker'?: (string);
  'cause'?: (string);
}

export interface Incident__Output {
  'time': (string);
  'step': (number);
  'kind': (string);
  'worker': (string);
  'cause': (string);
}
