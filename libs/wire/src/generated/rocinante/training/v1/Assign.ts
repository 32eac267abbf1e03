// Original file: protos/rocinante/training/v1/training.proto

import type { WorkKind as _rocinante_training_v1_WorkKind, WorkKind__Output as _rocinante_training_v1_WorkKind__Output } from '../../../rocinante/training/v1/WorkKind.js';
import type { Long } from '@grpc/proto-loader';

export interface Assign {
  'assignment'?: (number | string | Long);
  'kind'?: (_rocinante_training_v1_WorkKind);
  'step'?: (number | string | Long);
  'issue'?: (number);
  'microBatches'?: (number)[];
  'parametersVersion'?: (number | string | Long);
  'gridExponents'?: (Buffer | Uint8Array | string);
  'firstRange'?: (number);
  'magnitudesOnly'?: (boolean);
}

export interface Assign__Output {
  'assignment': (number);
  'kind': (_rocinante_training_v1_WorkKind__Output);
  'step': (number);
  'issue': (number);
  'microBatches': (number)[];
  'parametersVersion': (number);
  'gridExponents': (Buffer);
  'firstRange': (number);
  'magnitudesOnly': (boolean);
}
