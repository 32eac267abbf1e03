// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface SampleRequest {
  'request'?: (number | string | Long);
  'parametersVersion'?: (number | string | Long);
  'prompt'?: (number)[];
  'length'?: (number);
  'temperature'?: (number | string);
  'seed'?: (number | string | Long);
}

export interface SampleRequest__Output {
  'request': (number);
  'parametersVersion': (number);
  'prompt': (number)[];
  'length': (number);
  'temperature': (number);
  'seed': (number);
}
