// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface ContributionRange {
  'session'?: (string);
  'assignment'?: (number | string | Long);
  'range'?: (number);
  'values'?: (Buffer | Uint8Array | string);
  'checksum'?: (number);
}

export interface ContributionRange__Output {
  'session': (string);
  'assignment': (number);
  'range': (number);
  'values': (Buffer);
  'checksum': (number);
}
