// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface ParametersRange {
  'version'?: (number | string | Long);
  'range'?: (number);
  'values'?: (Buffer | Uint8Array | string);
  'checksum'?: (number);
}

export interface ParametersRange__Output {
  'version': (number);
  'range': (number);
  'values': (Buffer);
  'checksum': (number);
}
