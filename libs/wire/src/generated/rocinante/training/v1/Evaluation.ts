// Original file: protos/rocinante/training/v1/training.proto

import type { EvaluationResult as _rocinante_training_v1_EvaluationResult, EvaluationResult__Output as _rocinante_training_v1_EvaluationResult__Output } from '../../../rocinante/training/v1/EvaluationResult.js';
import type { Long } from '@grpc/proto-loader';

export interface Evaluation {
  'assignment'?: (number | string | Long);
  'results'?: (_rocinante_training_v1_EvaluationResult)[];
  'computeSeconds'?: (number | string);
}

export interface Evaluation__Output {
  'assignment': (number);
  'results': (_rocinante_training_v1_EvaluationResult__Output)[];
  'computeSeconds': (number);
}
