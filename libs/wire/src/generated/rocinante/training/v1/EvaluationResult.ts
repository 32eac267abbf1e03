// Original file: protos/rocinante/training/v1/training.proto


export interface EvaluationResult {
  'microBatch'?: (number);
  'lossSum'?: (number | string);
}

export interface EvaluationResult__Output {
  'microBatch': (number);
  'lossSum': (number);
}
