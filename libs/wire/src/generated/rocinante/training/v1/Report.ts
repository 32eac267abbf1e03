// Original file: protos/rocinante/training/v1/training.proto

import type { MicroBatchResult as _rocinante_training_v1_MicroBatchResult, MicroBatchResult__Output as _rocinante_training_v1_MicroBatchResult__Output } from '../../../rocinante/training/v1/MicroBatchResult.js';
import type { Long } from '@grpc/proto-loader';

export interface Report {
  'assignment'?: (number | string | Long);
  'results'?: (_rocinante_training_v1_MicroBatchResult)[];
  'magnitudes'?: (Buffer | Uint8Array | string);
  'fits'?: (boolean);
  'computeSeconds'?: (number | string);
}

export interface Report__Output {
  'assignment': (number);
  'results': (_rocinante_training_v1_MicroBatchResult__Output)[];
  'magnitudes': (Buffer);
  'fits': (boolean);
  'computeSeconds': (number);
}
