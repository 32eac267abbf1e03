// Original file: protos/rocinante/training/v1/training.proto


export interface MicroBatchResult {
  'microBatch'?: (number);
  'lossSum'?: (number | string);
  'norm'?: (number | string);
  'finite'?: (boolean);
  'checksum'?: (number);
  'hash'?: (number);
}

export interface MicroBatchResult__Output {
  'microBatch': (number);
  'lossSum': (number);
  'norm': (number);
  'finite': (boolean);
  'checksum': (number);
  'hash': (number);
}
